// Package calendar keeps the calendars that deadlines are counted by: people
// add, change and remove them, bring in a municipality's holidays from a file,
// and see beforehand which deadlines that would move.
//
// What a calendar means is package sla's. When one has changed, a run (a row)
// computes the running deadlines that count by it anew, ticket by ticket, each
// by an event of its own that says which moved and from what to what. A run goes
// on where its node died, on any node.
package calendar

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Service keeps calendars. Its Run computes anew what their changes move.
type Service struct {
	db       *postgres.DB
	policies *sla.Policies
	poke     event.Poker
	now      func() time.Time
	log      *slog.Logger
	wake     chan struct{}
}

// New makes the service. now is PostgreSQL's time.
func New(db *postgres.DB, policies *sla.Policies, poke event.Poker, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, policies: policies, poke: poke, now: now, log: log, wake: make(chan struct{}, 1)}
}

// Calendar is one of the list: of the installation, or built in.
type Calendar struct {
	ID      string
	BuiltIn *sla.Hours // what a built-in one is made of; nil for those of the installation
	Kept    sla.Kept   // zero for a built-in one
	UsedBy  []string   // names of rules and areas
	Run     *Run       // the last one, nil when there was none
}

// List gives those of the installation by name, and then the built-in ones.
func (s *Service) List(ctx context.Context) ([]Calendar, error) {
	kept, err := sla.ListKept(ctx, s.db.Gorm)
	if err != nil {
		return nil, err
	}
	var all []Calendar
	for _, k := range kept {
		all = append(all, Calendar{ID: k.ID, Kept: k})
	}
	for _, c := range s.policies.BuiltIn().Sorted() {
		h := c.Hours()
		all = append(all, Calendar{ID: c.ID(), BuiltIn: &h})
	}
	return all, s.around(ctx, all)
}

// Get gives one of them; absent or removed is sla.ErrNoCalendar.
func (s *Service) Get(ctx context.Context, id string) (Calendar, error) {
	var one Calendar
	if c, err := s.policies.BuiltIn().Get(id); err == nil {
		h := c.Hours()
		one = Calendar{ID: id, BuiltIn: &h}
	} else if k, err := sla.GetKept(ctx, s.db.Gorm, id); err == nil {
		one = Calendar{ID: id, Kept: k}
	} else {
		return Calendar{}, err
	}
	list := []Calendar{one}
	err := s.around(ctx, list)
	return list[0], err
}

// around reads what stands around calendars: what counts by them, and their runs.
func (s *Service) around(ctx context.Context, list []Calendar) error {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	users, err := sla.UsersOf(s.db.Gorm.WithContext(ctx), ids)
	if err != nil {
		return err
	}
	runs, err := s.runsOf(ctx, ids)
	for i, c := range list {
		list[i].UsedBy = users[c.ID]
		if r, there := runs[c.ID]; there {
			list[i].Run = &r
		}
	}
	return err
}

// Year are the days of a year that are not ordinary ones in a calendar.
func (s *Service) Year(id string, year int) ([]sla.Unusual, *sla.Calendar, error) {
	c, err := s.policies.Get(id)
	if err != nil {
		return nil, nil, sla.ErrNoCalendar.Because(err)
	}
	return c.Year(year), c, nil
}

// Add stores a new calendar. Without an id it gets one of its name.
func (s *Service) Add(ctx context.Context, actor access.Actor, k sla.Kept) (Calendar, error) {
	named := k.ID != ""
	for n := 1; ; n++ {
		if !named {
			k.ID = idOf(k.Name, n)
		}
		err := s.db.InTx(ctx, func(tx *gorm.DB) error {
			_, err := sla.AddKept(tx.WithContext(ctx), s.policies.BuiltIn(), k, actor.AccountID, s.now())
			return err
		})
		if !named && n < 100 && (errors.Is(err, sla.ErrCalendarID) || errors.Is(err, sla.ErrBuiltIn)) {
			continue
		}
		if err != nil {
			return Calendar{}, err
		}
		return s.changed(ctx, k.ID)
	}
}

// Change stores a calendar of which k.Version is the one that was read, and
// orders that the deadlines that count by it are computed anew.
func (s *Service) Change(ctx context.Context, actor access.Actor, k sla.Kept) (Calendar, error) {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		if _, err := sla.ChangeKept(tx, s.policies.BuiltIn(), k, actor.AccountID, s.now()); err != nil {
			return err
		}
		return order(tx, k.ID, actor.AccountID, s.now())
	})
	if err != nil {
		return Calendar{}, err
	}
	return s.changed(ctx, k.ID)
}

// changed brings the rules of this node up to date at once; others hear of it.
func (s *Service) changed(ctx context.Context, id string) (Calendar, error) {
	if err := s.policies.Reload(ctx, s.db.Gorm); err != nil {
		s.log.WarnContext(ctx, "the rules of deadlines are brought up to date a moment later", slog.Any("error", err))
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return s.Get(ctx, id)
}

// Remove takes a calendar out of the choice.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return sla.RemoveKept(tx.WithContext(ctx), s.policies.BuiltIn(), id, actor.AccountID, s.now())
	})
}

// idOf makes an id of a name: "Loja São Luís" is "loja-sao-luis", the next of
// that name "loja-sao-luis-2".
func idOf(name string, n int) string {
	id := make([]byte, 0, 40)
	for _, r := range strings.ToLower(norm.NFD.String(name)) {
		switch {
		case len(id) >= 34 || unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			id = append(id, byte(r))
		case len(id) > 0 && id[len(id)-1] != '-':
			id = append(id, '-')
		}
	}
	for len(id) > 0 && id[len(id)-1] == '-' {
		id = id[:len(id)-1]
	}
	if len(id) == 0 {
		id = []byte("calendario")
	}
	if n > 1 {
		return string(id) + "-" + strconv.Itoa(n)
	}
	return string(id)
}
