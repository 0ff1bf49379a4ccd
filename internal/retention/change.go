package retention

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// PutRule changes a rule, or adds one that has no id. seen is that of the preview
// of this very change, and Version the one that its author had before them: if
// more or less would go by now, or somebody has been faster, nothing is changed.
func (s *Service) PutRule(ctx context.Context, actor access.Actor, r Rule, seen string) (Rule, error) {
	if err := s.check(&r); err != nil {
		return Rule{}, err
	}
	err := s.changing(ctx, actor, &r, seen, func(tx *gorm.DB, would int) error {
		q, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		var before any
		if r.ID != 0 {
			rules, err := readRules(ctx, q)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(rules, func(is Rule) bool { return is.ID == r.ID })
			if at < 0 {
				return ErrNoRule
			}
			if rules[at].Version != r.Version {
				return ErrStale
			}
			before, r.Key, r.Subject = rules[at], rules[at].Key, rules[at].Subject
			_, err = q.Exec(ctx, `UPDATE retention_rules SET name = $2, since = $3, amount = $4, unit = $5, regime_id = $6, channels = $7, kinds = $8,
				walled = $9, legal_ref = $10, evidence = $11, source = $12, note = $13, active = $14, version = version + 1, updated_at = $15, updated_by = $16
				WHERE id = $1`, r.ID, r.Name, r.Since, r.Term.Amount, r.Term.Unit, r.RegimeID, texts(r.Channels), texts(r.Kinds),
				r.Walled, r.LegalRef, r.Evidence, r.Source, r.Note, r.Active, s.Now(), actor.AccountID)
			if err != nil {
				return fmt.Errorf("change rule %d of retention: %w", r.ID, err)
			}
		} else {
			err = q.QueryRow(ctx, `INSERT INTO retention_rules (key, name, position, subject, since, amount, unit, regime_id, channels, kinds, walled,
				legal_ref, evidence, source, note, active, updated_at, updated_by)
				SELECT 'own_' || coalesce(max(id), 0) + 1, $1, 1000 + count(*), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM retention_rules
				RETURNING id`, r.Name, r.Subject, r.Since, r.Term.Amount, r.Term.Unit, r.RegimeID, texts(r.Channels), texts(r.Kinds),
				r.Walled, r.LegalRef, r.Evidence, r.Source, r.Note, r.Active, s.Now(), actor.AccountID).Scan(&r.ID)
			if err != nil {
				return fmt.Errorf("add a rule of retention: %w", err)
			}
		}
		rules, err := readRules(ctx, q)
		if err != nil {
			return err
		}
		r = rules[slices.IndexFunc(rules, func(is Rule) bool { return is.ID == r.ID })]
		return s.note(ctx, q, actor, &r.ID, before, r, would)
	})
	return r, err
}

// Switch turns purging on or off. seen is that of the preview that its author had
// before them; switching off asks for none.
func (s *Service) Switch(ctx context.Context, actor access.Actor, on bool, seen string) (Settings, error) {
	var is Settings
	write := func(tx *gorm.DB, would int) error {
		q, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		before, err := readSettings(ctx, q, "FOR UPDATE")
		if err != nil {
			return err
		}
		if _, err = q.Exec(ctx, "UPDATE retention_settings SET purging = $1, switched_by = $2, switched_at = $3", on, actor.AccountID, s.Now()); err != nil {
			return fmt.Errorf("switch purging: %w", err)
		}
		if is, err = readSettings(ctx, q, ""); err != nil {
			return err
		}
		return s.note(ctx, q, actor, nil, map[string]bool{"purging": before.Purging}, map[string]bool{"purging": on}, would)
	}
	if !on {
		return is, s.DB.InTx(ctx, func(tx *gorm.DB) error { return write(tx, 0) })
	}
	err := s.changing(ctx, actor, nil, seen, write)
	return is, err
}

// changing runs a change of the rules if what its author was shown is still so.
// Whoever purges reads the settings' row with a lock that waits for this.
func (s *Service) changing(ctx context.Context, actor access.Actor, change *Rule, seen string, write func(tx *gorm.DB, would int) error) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		q, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		if _, err := readSettings(ctx, q, "FOR UPDATE"); err != nil {
			return err
		}
		e, err := s.foresee(ctx, q, actor, change)
		if err != nil {
			return err
		}
		if e.Seen != seen {
			return ErrStale
		}
		if err := write(tx, e.Records); err != nil {
			return err
		}
		if _, err = q.Exec(ctx, "UPDATE retention_settings SET revision = revision + 1"); err != nil {
			return fmt.Errorf("count a change of the rules of retention: %w", err)
		}
		return nil
	})
}

func (s *Service) note(ctx context.Context, q asker, actor access.Actor, rule *int64, before, after any, would int) error {
	was, err := json.Marshal(before)
	is, err2 := json.Marshal(after)
	if err == nil {
		err = err2
	}
	if err == nil {
		_, err = q.Exec(ctx, "INSERT INTO retention_changes (rule_id, before, after, would, account_id, at) VALUES ($1, nullif($2::jsonb, 'null'), $3::jsonb, $4, $5, $6)",
			rule, string(was), string(is), would, actor.AccountID, s.Now())
	}
	if err != nil {
		return fmt.Errorf("note who changed the rules of retention: %w", err)
	}
	return nil
}

// longest bounds a term, so that it ends in a year of four digits.
var longest = map[Unit]int{Days: 36500, Months: 1200, Years: 100}

// check trims and checks a rule.
func (s *Service) check(r *Rule) error {
	wrong := *ErrRule
	add := func(field, code string) {
		wrong.Details = append(wrong.Details, fault.Detail{Field: "body." + field, Code: code})
	}
	for _, f := range []struct {
		field    string
		text     *string
		required bool
	}{{"name", &r.Name, true}, {"legal_ref", &r.LegalRef, false}, {"source", &r.Source, false}, {"note", &r.Note, false}} {
		*f.text = strings.TrimSpace(*f.text)
		switch {
		case f.required && *f.text == "":
			add(f.field, "required")
		case !utf8.ValidString(*f.text) || strings.ContainsFunc(*f.text, func(c rune) bool { return c < ' ' }):
			add(f.field, "not_text")
		}
	}
	if most, known := longest[r.Term.Unit]; !known || r.Term.Amount < 1 || r.Term.Amount > most {
		add("amount", "too_big")
	}
	if (r.Subject == Recording) != (r.Since == Attended) {
		add("since", "invalid")
	}
	alone := r.Subject == Stray || r.Subject == Import // no ticket is asked about them
	if alone && (r.Since != Opened || r.RegimeID != nil || len(r.Kinds) > 0) || r.Subject == Import && len(r.Channels) > 0 {
		add("since", "invalid")
	}
	if len(wrong.Details) > 0 {
		return &wrong
	}
	return nil
}

// texts is the list itself, or an empty one where there is none: the columns hold no null.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
