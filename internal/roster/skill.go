package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

const (
	maxSkillName = 60
	maxRules     = 200
	maxTag       = 40
)

// Skill is something that not everybody can do: a language, a product, a channel.
type Skill struct {
	ID   int64
	Name string
}

// Rule says which tickets demand a skill: those of which everything holds that
// it names. A zero value asks for nothing.
type Rule struct {
	ID       int64
	SkillID  int64
	Skill    string // its name
	TeamID   *int64
	Channel  string
	ReasonID *int64
	Tag      string

	// reasons are ReasonID and everything below it.
	reasons []int64
}

// Asked is what of a ticket can demand a skill.
type Asked struct {
	TeamID   int64
	Channel  string
	ReasonID *int64
	Tags     []string
}

// Demands reports whether a ticket demands the rule's skill.
func (r Rule) Demands(a Asked) bool {
	return (r.TeamID == nil || *r.TeamID == a.TeamID) &&
		(r.Channel == "" || r.Channel == a.Channel) &&
		(r.ReasonID == nil || a.ReasonID != nil && slices.Contains(r.reasons, *a.ReasonID)) &&
		(r.Tag == "" || slices.Contains(a.Tags, r.Tag))
}

// Demanded are the ids of all skills that a ticket demands, sorted.
func Demanded(rules []Rule, a Asked) []int64 {
	var skills []int64
	for _, r := range rules {
		if r.Demands(a) {
			skills = append(skills, r.SkillID)
		}
	}
	slices.Sort(skills)
	return slices.Compact(skills)
}

// Without is the condition on tickets t that they demand none of the rules'
// skills, to be put behind others. It fills args with what it names.
func Without(rules []Rule, args map[string]any) string {
	var sql strings.Builder
	for i, r := range rules {
		var all []string
		add := func(condition string, value any) {
			name := fmt.Sprintf("rule%d_%d", i, len(all))
			args[name] = value
			all = append(all, fmt.Sprintf(condition, "@"+name))
		}
		if r.TeamID != nil {
			add("t.team_id = %s", *r.TeamID)
		}
		if r.Channel != "" {
			add("t.channel = %s", r.Channel)
		}
		if r.ReasonID != nil {
			add("t.reason_id IN %s", r.reasons)
		}
		if r.Tag != "" {
			add("%s = ANY (t.tags)", r.Tag)
		}
		// IS NOT TRUE: a ticket without a reason is not below one.
		fmt.Fprintf(&sql, " AND (%s) IS NOT TRUE", strings.Join(all, " AND "))
	}
	return sql.String()
}

const readRules = `SELECT r.id, r.skill_id, s.name AS skill, r.team_id, coalesce(r.channel, '') AS channel, r.reason_id, coalesce(r.tag, '') AS tag,
	(WITH RECURSIVE below AS (SELECT r.reason_id AS id UNION ALL SELECT c.id FROM reasons c JOIN below b ON c.parent_id = b.id)
	 SELECT coalesce(string_agg(id::text, ' '), '') FROM below WHERE id IS NOT NULL) AS below
	FROM skill_rules r JOIN skills s ON s.id = r.skill_id`

// Rules reads all rules.
func Rules(ctx context.Context, db *gorm.DB) ([]Rule, error) {
	return rules(ctx, db, readRules+" ORDER BY lower(s.name), r.id")
}

// Lacked reads the rules whose skill an account does not have: the tickets that
// it may not be served.
func Lacked(ctx context.Context, db *gorm.DB, account int64) ([]Rule, error) {
	return rules(ctx, db, readRules+` WHERE NOT EXISTS (SELECT FROM account_skills a WHERE a.account_id = ? AND a.skill_id = r.skill_id)
		ORDER BY r.id`, account)
}

func rules(ctx context.Context, db *gorm.DB, sql string, args ...any) ([]Rule, error) {
	var rows []struct {
		Rule
		Below string
	}
	if err := db.WithContext(ctx).Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what demands a skill: %w", err)
	}
	all := make([]Rule, len(rows))
	for i, r := range rows {
		all[i] = r.Rule
		for _, id := range strings.Fields(r.Below) {
			var reason int64
			if _, err := fmt.Sscan(id, &reason); err != nil {
				return nil, fmt.Errorf("read the reasons below %s: %w", id, err)
			}
			all[i].reasons = append(all[i].reasons, reason)
		}
	}
	return all, nil
}

// Skills lists all skills by name.
func Skills(ctx context.Context, db *gorm.DB) ([]Skill, error) {
	var all []Skill
	if err := db.WithContext(ctx).Raw("SELECT id, name FROM skills ORDER BY lower(name), id").Scan(&all).Error; err != nil {
		return nil, fmt.Errorf("list skills: %w", err)
	}
	return all, nil
}

// Skills lists all skills, and what demands them.
func (s *Service) Skills(ctx context.Context) ([]Skill, []Rule, error) {
	skills, err := Skills(ctx, s.db.Gorm)
	if err != nil {
		return nil, nil, err
	}
	all, err := Rules(ctx, s.db.Gorm)
	return skills, all, err
}

// AddSkill adds a skill that nothing demands yet.
func (s *Service) AddSkill(ctx context.Context, name string) (Skill, error) {
	name, ok := readable(name, maxSkillName)
	if !ok || name == "" {
		return Skill{}, ErrInvalid.Field("body.name", "roster_name")
	}
	skill := Skill{Name: name}
	err := s.change(ctx, func(tx *gorm.DB) error {
		return tx.Raw("INSERT INTO skills (name) VALUES (?) RETURNING id", name).Scan(&skill.ID).Error
	})
	return skill, skillFault(err)
}

// RenameSkill changes a skill's name.
func (s *Service) RenameSkill(ctx context.Context, id int64, name string) (Skill, error) {
	name, ok := readable(name, maxSkillName)
	if !ok || name == "" {
		return Skill{}, ErrInvalid.Field("body.name", "roster_name")
	}
	skill := Skill{ID: id, Name: name}
	err := s.change(ctx, func(tx *gorm.DB) error {
		return touched(tx.Exec("UPDATE skills SET name = ? WHERE id = ?", name, id), ErrNoSkill)
	})
	return skill, skillFault(err)
}

// RemoveSkill removes a skill, from everybody who has it, with what demands it.
func (s *Service) RemoveSkill(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return touched(tx.Exec("DELETE FROM skills WHERE id = ?", id), ErrNoSkill)
	})
}

// AddRule has tickets demand a skill. Of the rule its id and its skill's name are made here.
func (s *Service) AddRule(ctx context.Context, r Rule) (Rule, error) {
	var ok bool
	if r.Tag, ok = readable(strings.ToLower(r.Tag), maxTag); !ok {
		return Rule{}, ErrInvalid.Field("body.tag", "not_text")
	}
	if r.TeamID == nil && r.Channel == "" && r.ReasonID == nil && r.Tag == "" {
		return Rule{}, ErrInvalid.Field("body.tag", "skill_rule_empty")
	}
	err := s.change(ctx, func(tx *gorm.DB) error {
		var found struct {
			Skill        *string
			Team, Reason bool
			N            int
		}
		// Under a lock that only rules take: two at once do not pass the bound together.
		err := tx.Exec("LOCK TABLE skill_rules IN SHARE ROW EXCLUSIVE MODE").Error
		if err == nil {
			err = tx.Raw(`SELECT (SELECT name FROM skills WHERE id = @skill) AS skill, CAST(@team AS bigint) IS NULL OR EXISTS (SELECT FROM teams WHERE id = @team) AS team,
				CAST(@reason AS bigint) IS NULL OR EXISTS (SELECT FROM reasons WHERE id = @reason) AS reason, (SELECT count(*) FROM skill_rules) AS n`,
				map[string]any{"skill": r.SkillID, "team": r.TeamID, "reason": r.ReasonID}).Scan(&found).Error
		}
		switch {
		case err != nil:
			return fmt.Errorf("look at what a rule names: %w", err)
		case found.Skill == nil:
			return ErrNoSkill
		case !found.Team:
			return ErrInvalid.Field("body.team_id", "unknown_choice")
		case !found.Reason:
			return ErrInvalid.Field("body.reason_id", "unknown_choice")
		case found.N >= maxRules:
			return ErrInvalid.Field("body", "roster_too_many")
		}
		r.Skill = *found.Skill
		err = tx.Raw(`INSERT INTO skill_rules (skill_id, team_id, channel, reason_id, tag) VALUES (?, ?, nullif(?, ''), ?, nullif(?, '')) RETURNING id`,
			r.SkillID, r.TeamID, r.Channel, r.ReasonID, r.Tag).Scan(&r.ID).Error
		if postgres.IsUnique(err, "") {
			return ErrRuleTwice.Because(err)
		}
		if err != nil {
			return fmt.Errorf("add a rule: %w", err)
		}
		return nil
	})
	return r, err
}

// RemoveRule takes a rule away.
func (s *Service) RemoveRule(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return touched(tx.Exec("DELETE FROM skill_rules WHERE id = ?", id), ErrNoRule)
	})
}

func touched(result *gorm.DB, absent error) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return absent
	}
	return result.Error
}

func skillFault(err error) error {
	if postgres.IsUnique(err, "skills_name") {
		return ErrSkillTaken.Because(err)
	}
	return err
}

// readable gives a text of one line as it is stored; false when it is none, or too long.
func readable(text string, longest int) (string, bool) {
	text = strings.Join(strings.Fields(text), " ")
	return text, utf8.ValidString(text) && utf8.RuneCountInString(text) <= longest && !strings.ContainsFunc(text, unicode.IsControl)
}
