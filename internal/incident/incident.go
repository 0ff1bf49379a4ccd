// Package incident is many tickets of one cause: what agents and customers are
// told of it, which tickets belong to it, one answer to all of them, and that
// they count once.
//
// An incident is not a ticket: a ticket is one demand of one customer. It is
// known to everybody who works here; which of its tickets somebody sees, and how
// many, is decided by access as everywhere. What stands behind the ombudsman's
// wall belongs to no incident, is suggested by none and counted in none.
package incident

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of incidents.
var (
	ErrNotFound = fault.New(fault.NotFound, "incident_not_found")
	ErrVersion  = fault.New(fault.Conflict, "incident_version_conflict") // args: version, the current one
	ErrClosed   = desk.ErrIncidentClosed                                 // nothing is put to it or said in it any more
	ErrCase     = desk.ErrIncidentCase                                   // a case of the ombudsman's belongs to none
	ErrRunning  = fault.New(fault.Conflict, "incident_running")          // an answer is still going out
	ErrNobody   = fault.New(fault.Conflict, "incident_nobody")           // there is no ticket to do it to
	ErrNoNews   = fault.New(fault.Conflict, "incident_no_news")          // nothing was answered in it that could be told again
	ErrTold     = fault.New(fault.Conflict, "incident_told")             // this ticket has the answer already
)

// State is where an incident stands.
type State string

// The states. A solved incident may be taken up again, and customers read for a
// while that it is solved; a closed one is shown nowhere but in the list.
const (
	Open   State = "open"
	Solved State = "solved"
	Closed State = "closed"
)

// Valid reports whether s is one of the states.
func (s State) Valid() bool { return s == Open || s == Solved || s == Closed }

// Channels are those by which an incident's tickets may come: not the ombudsman's.
var Channels = []string{"phone", "webform", "email"}

// Bounds, in runes.
const (
	MaxTitle   = 120
	MaxInside  = 4_000
	MaxOutside = 1_000
)

// Incident is one cause of many tickets. What of BrandID, TeamID, Channel and
// ReasonID is nil or empty is not narrowed by it.
type Incident struct {
	ID        int64
	Title     string     // for staff
	Inside    string     // what agents should know
	Outside   string     // what customers are told; empty tells them nothing
	NewsBy    *time.Time // by when customers are promised the next news
	State     State
	BrandID   *int64
	TeamID    *int64
	Channel   string
	ReasonID  *int64
	StartedAt time.Time
	SolvedAt  *time.Time
	OpenedBy  int64
	SolvedBy  *int64
	Version   int // raised by each change of what it says
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Accounts gives an account as the actor it is now.
type Accounts interface {
	ActorOf(ctx context.Context, id int64) (access.Actor, error)
}

// Service keeps incidents. Its Run works off what is done to many tickets, and
// its Follow hears of incidents that changed on any node.
type Service struct {
	db       *postgres.DB
	desk     *desk.Service
	accounts Accounts
	now      func() time.Time
	log      *slog.Logger
	wake     chan struct{} // a run was ordered
	known    known
}

// New makes the service. now is PostgreSQL's time (postgres.Clock.Now).
func New(db *postgres.DB, acts *desk.Service, accounts Accounts, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, desk: acts, accounts: accounts, now: now, log: log, wake: make(chan struct{}, 1)}
}

// check brings what somebody typed to what is stored, or names every field that
// cannot be.
func (i *Incident) check(ctx context.Context, tx *gorm.DB, now time.Time) error {
	text := func(field, typed string, max int, required bool) (string, error) {
		if typed == "" && !required {
			return "", nil
		}
		clean, err := ticket.CheckBody(field, typed)
		if err == nil && len([]rune(clean)) > max {
			err = ticket.Wrong(field, "too_long", max)
		}
		if f := fault.From(err); err != nil && !required && f.Details[0].Code == "required" {
			return "", nil // nothing but spaces is nothing
		}
		return clean, err
	}
	var err error
	if i.Title, err = text("title", i.Title, MaxTitle, true); err != nil {
		return err
	}
	if i.Inside, err = text("inside", i.Inside, MaxInside, false); err != nil {
		return err
	}
	if i.Outside, err = text("outside", i.Outside, MaxOutside, false); err != nil {
		return err
	}
	switch {
	case !i.State.Valid():
		return ticket.Wrong("state", "unknown_choice")
	case i.Channel != "" && !slices.Contains(Channels, i.Channel):
		return ticket.Wrong("channel", "unknown_choice")
	case i.StartedAt.After(now.Add(time.Minute)) || i.StartedAt.Before(now.AddDate(-1, 0, 0)):
		return ticket.Wrong("started_at", "bad_time")
	case i.NewsBy != nil && i.NewsBy.After(now.AddDate(1, 0, 0)):
		return ticket.Wrong("news_by", "bad_time")
	}
	for _, of := range []struct {
		field, table string
		id           *int64
	}{{"brand_id", "brands", i.BrandID}, {"team_id", "teams", i.TeamID}, {"reason_id", "reasons", i.ReasonID}} {
		if of.id == nil {
			continue
		}
		var there bool
		if err := tx.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM "+of.table+" WHERE id = ?)", *of.id).Scan(&there).Error; err != nil {
			return err
		}
		if !there {
			return ticket.Wrong(of.field, "unknown_choice")
		}
	}
	return nil
}
