package sla

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Bounds of what rules are told in, in characters, and of how many there are.
const (
	maxName     = 100
	maxText     = 500
	maxRegimes  = 100
	maxPolicies = 200 // of one regime
)

// kinds are all kinds of clock.
var kinds = []Kind{FirstResponse, NextResponse, Resolution, Legal, Acknowledgement, History, Duty}

// byHand are the kinds that a person may start.
var byHand = []Kind{Legal, History, Duty}

// ByHand reports whether a person may start a clock of this kind.
func (k Kind) ByHand() bool { return slices.Contains(byHand, k) }

// wrongs gathers what is wrong with what was sent, by the field it is in.
type wrongs struct {
	prefix string
	err    *fault.Error
}

func newWrongs(prefix string) *wrongs {
	e := *ErrRules
	return &wrongs{prefix, &e}
}

func (w *wrongs) add(field, code string, args map[string]any) {
	w.err.Details = append(w.err.Details, fault.Detail{Field: w.prefix + field, Code: code, Args: args})
}

// text trims and checks what people read.
func (w *wrongs) text(field string, s *string, required bool, most int) {
	*s = strings.TrimSpace(*s)
	switch {
	case !utf8.ValidString(*s) || strings.ContainsFunc(*s, func(r rune) bool { return r < ' ' && r != '\n' }):
		w.add(field, "not_text", nil)
	case required && *s == "":
		w.add(field, "required", nil)
	case utf8.RuneCountInString(*s) > most:
		w.add(field, "too_long", map[string]any{"value": most, "max": most})
	}
}

func (w *wrongs) fault() error {
	if len(w.err.Details) == 0 {
		return nil
	}
	return w.err
}

// check says what is wrong with a regime, in the fields of a request.
func (e *RegimeEdit) check(today brazil.Date) error {
	w := newWrongs("body.regime.")
	w.text("name", &e.Name, true, maxName)
	w.text("norm", &e.Norm, false, maxText)
	w.text("source", &e.Source, false, maxText)
	w.text("note", &e.Note, false, maxText)
	w.text("checked_by", &e.CheckedBy, false, maxName)
	if !slices.Contains([]Evidence{EvidenceOwn, EvidenceRead, EvidenceSecondary, Unconfirmed}, e.Evidence) {
		w.add("evidence", "unknown_choice", nil)
	}
	switch {
	case (e.CheckedBy == "") != e.CheckedOn.IsZero():
		w.add("checked_on", "sla_checked_both", nil)
	case today.Before(e.CheckedOn):
		w.add("checked_on", "sla_checked_ahead", nil)
	}
	if e.Extension < 0 || e.Extension > most[CalendarDays] {
		w.add("extension", "sla_extension", nil)
	}
	if e.Cap != nil && (*e.Cap < 0 || *e.Cap > 100) {
		w.add("cap", "sla_cap", nil)
	}
	return w.fault()
}

// check says what is wrong with a policy, in the fields of a request.
func (e *PolicyEdit) check(tx *gorm.DB, calendars Calendars) error {
	w := newWrongs("body.policy.")
	w.text("name", &e.Name, true, maxName)
	w.text("legal_ref", &e.LegalRef, false, maxText)
	if !slices.Contains(kinds, e.Clock) {
		w.add("clock", "unknown_choice", nil)
	}
	switch {
	case e.ByHand && !e.Clock.ByHand():
		w.add("by_hand", "sla_not_by_hand", nil)
	case e.Clock == History && !e.ByHand:
		w.add("by_hand", "sla_only_by_hand", nil)
	}
	for _, p := range e.Priorities {
		if p < 1 || p > 4 {
			w.add("priorities", "unknown_choice", nil)
		}
	}
	if !e.From.IsZero() && !e.To.IsZero() && e.To.Before(e.From) {
		w.add("valid_to", "before_start", nil)
	}
	if c, err := calendars.Get(e.Calendar); err != nil {
		w.add("calendar", "sla_calendar", nil)
	} else if err := e.Term.check(); err != nil {
		w.add("amount", "sla_amount", map[string]any{"max": most[e.Term.Unit]})
	} else if _, err := c.Due(time.Now(), e.Term, nil); err != nil {
		w.add("amount", "sla_unreachable", nil)
	}
	for _, known := range []struct {
		field, statement string
		given            int
		args             any
	}{
		{"teams", "SELECT count(*) FROM teams WHERE id = ANY(?::bigint[])", len(e.Teams), ids(e.Teams)},
		{"segments", "SELECT count(*) FROM customer_segments WHERE id = ANY(string_to_array(?, ','))", len(e.Segments), strings.Join(e.Segments, ",")},
	} {
		var found int
		if known.given == 0 {
			continue
		}
		if err := tx.Raw(known.statement, known.args).Scan(&found).Error; err != nil {
			return err
		}
		if found != known.given {
			w.add(known.field, "unknown_choice", nil)
		}
	}
	if e.Active {
		var taken bool
		err := tx.Raw("SELECT EXISTS (SELECT FROM sla_policies WHERE name = ? AND active AND id <> ?)", e.Name, e.ID).Scan(&taken).Error
		if err != nil {
			return err
		}
		if taken {
			w.add("name", "taken", nil)
		}
	}
	return w.fault()
}
