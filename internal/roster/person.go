package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// MaxAtOnce bounds a capacity.
const MaxAtOnce = 500

// capacityChannels are those of which tickets are given out; the empty one is all.
var capacityChannels = []string{"", "phone", "webform", "email"}

// Profile is what somebody can be given, and when.
type Profile struct {
	AccountID int64
	TeamIDs   []int64 // sorted
	Skills    []int64 // sorted
	// AtOnce is how many tickets that wait for us they are given at once, by
	// channel; the empty channel is all of them. What is not there has no bound.
	AtOnce   map[string]int
	ZoneName string // empty for the installation's
	Hours    Hours
	Absences []Absence // that are not over, by when they begin
}

// ProfileChange is what to alter of a profile; nil leaves a thing as it is.
type ProfileChange struct {
	Skills *[]int64
	AtOnce *map[string]int
	Zone   *string
	Shifts *[]Shift
}

// AbsentAt is the absence into which an instant falls.
func (p Profile) AbsentAt(now time.Time) (Absence, bool) {
	for _, a := range p.Absences {
		if !a.From.After(now) && now.Before(a.To) {
			return a, true
		}
	}
	return Absence{}, false
}

// Turns is when somebody's shift or absence next begins or ends; zero for never.
func (p Profile) Turns(now time.Time) time.Time {
	_, next := p.Hours.On(now)
	for _, a := range p.Absences {
		for _, at := range []time.Time{a.From, a.To} {
			if at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

// Profile reads somebody's, for whoever arranges what their teams do, and for themselves.
func (s *Service) Profile(ctx context.Context, actor access.Actor, account int64) (Profile, error) {
	p, err := s.profile(ctx, s.db.Gorm, account)
	if err == nil && actor.AccountID != account && !arranges(actor, p.TeamIDs...) {
		return Profile{}, ErrForbidden
	}
	return p, err
}

func (s *Service) profile(ctx context.Context, db *gorm.DB, account int64) (Profile, error) {
	found, err := s.Profiles(ctx, db, []int64{account})
	if err != nil {
		return Profile{}, err
	}
	p, known := found[account]
	if !known {
		return Profile{}, ErrNoPerson
	}
	return p, nil
}

// Profiles reads those of accounts by their ids; who does not exist is left out.
func (s *Service) Profiles(ctx context.Context, db *gorm.DB, accounts []int64) (map[int64]Profile, error) {
	db = db.WithContext(ctx)
	found := map[int64]Profile{}
	var rows []struct {
		ID     int64
		Zone   string
		Teams  string
		Skills string
	}
	err := db.Raw(`SELECT a.id, coalesce(z.zone, '') AS zone,
		(SELECT coalesce(string_agg(team_id::text, ' ' ORDER BY team_id), '') FROM account_teams WHERE account_id = a.id) AS teams,
		(SELECT coalesce(string_agg(skill_id::text, ' ' ORDER BY skill_id), '') FROM account_skills WHERE account_id = a.id) AS skills
		FROM accounts a LEFT JOIN account_zones z ON z.account_id = a.id WHERE a.id IN ?`, accounts).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who can be given tickets: %w", err)
	}
	for _, r := range rows {
		zone, ok := zoneOf(r.Zone, s.zone)
		if !ok {
			zone = s.zone // known when it was chosen, and no more
		}
		found[r.ID] = Profile{AccountID: r.ID, TeamIDs: numbers(r.Teams), Skills: numbers(r.Skills), AtOnce: map[string]int{},
			ZoneName: r.Zone, Hours: Hours{Zone: zone}}
	}
	var bounds []struct {
		AccountID int64
		Channel   string
		AtOnce    int
	}
	var shifts []struct {
		AccountID           int64
		Weekday, FromMinute int
		ToMinute            int
	}
	var away []Absence
	for _, q := range []struct {
		into any
		sql  string
		args []any
	}{
		{&bounds, "SELECT account_id, channel, at_once FROM account_capacities WHERE account_id IN ?", []any{accounts}},
		{&shifts, "SELECT account_id, weekday, from_minute, to_minute FROM account_shifts WHERE account_id IN ? ORDER BY weekday, from_minute", []any{accounts}},
		{&away, absenceColumns + " WHERE account_id IN ? AND to_at > ? ORDER BY from_at, id", []any{accounts, s.now()}},
	} {
		if err := db.Raw(q.sql, q.args...).Scan(q.into).Error; err != nil {
			return nil, fmt.Errorf("read when people work: %w", err)
		}
	}
	for _, b := range bounds {
		found[b.AccountID].AtOnce[b.Channel] = b.AtOnce
	}
	for _, r := range shifts {
		p := found[r.AccountID]
		p.Hours.Shifts = append(p.Hours.Shifts, Shift{time.Weekday(r.Weekday), r.FromMinute, r.ToMinute})
		found[r.AccountID] = p
	}
	for _, a := range away {
		p := found[a.AccountID]
		p.Absences = append(p.Absences, a)
		found[a.AccountID] = p
	}
	return found, nil
}

func numbers(text string) []int64 {
	ids := []int64{}
	n := int64(0)
	for i := 0; i < len(text); i++ {
		if text[i] == ' ' {
			ids, n = append(ids, n), 0
			continue
		}
		n = n*10 + int64(text[i]-'0')
	}
	if text != "" {
		ids = append(ids, n)
	}
	return ids
}

// ChangeProfile changes what somebody can be given, and when.
func (s *Service) ChangeProfile(ctx context.Context, actor access.Actor, account int64, c ProfileChange) (Profile, error) {
	c, err := c.normal(s.zone)
	if err != nil {
		return Profile{}, err
	}
	var p Profile
	err = s.change(ctx, func(tx *gorm.DB) error {
		was, err := s.lock(ctx, tx, actor, account)
		if err != nil {
			return err
		}
		if err := c.store(tx, was.AccountID); err != nil {
			return err
		}
		p, err = s.profile(ctx, tx, account)
		return err
	})
	return p, err
}

// lock keeps others from changing the same profile until tx ends.
func (s *Service) lock(ctx context.Context, tx *gorm.DB, actor access.Actor, account int64) (Profile, error) {
	if err := tx.Exec("SELECT FROM accounts WHERE id = ? FOR NO KEY UPDATE", account).Error; err != nil {
		return Profile{}, fmt.Errorf("lock account %d: %w", account, err)
	}
	was, err := s.profile(ctx, tx, account)
	if err == nil && !arranges(actor, was.TeamIDs...) {
		err = ErrForbidden
	}
	return was, err
}

func (c ProfileChange) normal(usual *time.Location) (ProfileChange, error) {
	bad := ErrInvalid
	if c.Skills != nil {
		skills := slices.Compact(slices.Sorted(slices.Values(*c.Skills)))
		c.Skills = &skills
	}
	if c.AtOnce != nil {
		for channel, n := range *c.AtOnce {
			if !slices.Contains(capacityChannels, channel) || n < 0 || n > MaxAtOnce {
				bad = bad.Field("body.at_once", "roster_number")
				break
			}
		}
	}
	if c.Zone != nil {
		if _, ok := zoneOf(*c.Zone, usual); !ok {
			bad = bad.Field("body.zone", "roster_zone")
		}
	}
	if len(bad.Details) > 0 {
		return c, bad
	}
	if c.Shifts != nil {
		sorted, err := checkShifts(*c.Shifts)
		if err != nil {
			return c, err
		}
		c.Shifts = &sorted
	}
	return c, nil
}

func (c ProfileChange) store(tx *gorm.DB, account int64) error {
	var err error
	run := func(sql string, args ...any) {
		if err == nil {
			err = tx.Exec(sql, args...).Error
		}
	}
	if c.Skills != nil {
		var known int
		if err := tx.Raw("SELECT count(*) FROM skills WHERE id IN ?", *c.Skills).Scan(&known).Error; err != nil {
			return fmt.Errorf("look for skills: %w", err)
		}
		if known != len(*c.Skills) {
			return ErrInvalid.Field("body.skills", "unknown_choice")
		}
		run("DELETE FROM account_skills WHERE account_id = ?", account)
		for _, skill := range *c.Skills {
			run("INSERT INTO account_skills VALUES (?, ?)", account, skill)
		}
	}
	if c.AtOnce != nil {
		run("DELETE FROM account_capacities WHERE account_id = ?", account)
		for channel, n := range *c.AtOnce {
			run("INSERT INTO account_capacities VALUES (?, ?, ?)", account, channel, n)
		}
	}
	if c.Zone != nil {
		run("DELETE FROM account_zones WHERE account_id = ?", account)
		if *c.Zone != "" {
			run("INSERT INTO account_zones VALUES (?, ?)", account, *c.Zone)
		}
	}
	if c.Shifts != nil {
		run("DELETE FROM account_shifts WHERE account_id = ?", account)
		for _, s := range *c.Shifts {
			run("INSERT INTO account_shifts VALUES (?, ?, ?, ?)", account, int(s.Weekday), s.From, s.To)
		}
	}
	if err != nil {
		return fmt.Errorf("store what account %d can be given: %w", account, err)
	}
	return nil
}
