// Package call is the telephone at an agent's desk: the note that opens with a
// call, with its protocol in the first second, and all that may become of it
// afterwards: who called, what it was about, how it ended, whom we owe a call,
// where it can be heard. A telephone exchange opens and ends notes by its events.
package call

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of a call.
var (
	ErrNotFound = fault.New(fault.NotFound, "call_not_found") // absent, or its ticket is hidden from the asker
	ErrInvalid  = fault.New(fault.Invalid, "call_invalid")    // details name the fields
	ErrNotYours = fault.New(fault.Forbidden, "not_your_call")
	ErrEnded    = fault.New(fault.Conflict, "call_ended") // what it was about cannot be changed any more
)

// Outcome is how a call ended.
type Outcome string

// The outcomes; a call that has none yet is empty.
const (
	Solved        Outcome = "solved"        // answered on the phone
	Forwarded     Outcome = "forwarded"     // the ticket goes on without the caller
	ToCallBack    Outcome = "call_back"     // we have promised to call
	Dropped       Outcome = "dropped"       // the line broke: we call back at once (Decreto 11.034/2022, art. 11)
	Informational Outcome = "informational" // about no demand
	WrongNumber   Outcome = "wrong_number"
	Silent        Outcome = "silent"
	Abandoned     Outcome = "abandoned" // left the queue before anybody answered
)

// Direction is who called whom.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Call is one contact by phone.
type Call struct {
	ContactID int64
	TicketID  int64  // what it is about
	OpenedID  int64  // the ticket that was opened with it
	Protocol  string // the one read aloud
	LineID    *int64
	Line      string // as it was told
	Caller    phone.Caller
	Direction Direction
	AgentID   *int64
	Note      string
	Outcome   Outcome
	StartedAt time.Time
	EndedAt   *time.Time
	Duration  *time.Duration
	Version   int
}

// Absorbed reports whether the call turned out to be about an older ticket.
func (c Call) Absorbed() bool { return c.TicketID != c.OpenedID }

// Opening asks for a call's note. Nothing but a line is needed.
type Opening struct {
	Line   string
	Caller string // as it was told: a number, an address, or anything
	Note   string
	Key    string // makes a repetition of the same agent's recognisable; empty means that nothing does
}

// Opened is a call with its ticket and the lease under which its agent has it.
type Opened struct {
	Call   Call
	Ticket ticket.Ticket
}

// Told is what the event of a call tells beside the row.
type Told struct {
	ContactID int64          `json:"contact_id"`
	Outcome   Outcome        `json:"outcome,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	MessageID int64          `json:"message_id,omitempty"`
	NoteID    int64          `json:"note_id,omitempty"`
	Customer  *int64         `json:"customer_id,omitempty"`
	Fields    map[string]any `json:"fields,omitempty"`
	AgentID   *int64         `json:"agent_id,omitempty"`
}

// taker is what calls need of the intake.
type taker interface {
	OpenIn(ctx context.Context, tx *gorm.DB, m channel.Inbound) (intake.Receipt, error)
}

// Leases learns whose ticket is nobody's any more.
type Leases interface {
	Forget(ctx context.Context, ticketID int64)
}

// Sealer keeps the lines' secrets unreadable in the database. *seal.Sealer is one.
type Sealer interface {
	Seal(purpose string, plain []byte) []byte
	Unseal(purpose string, sealed []byte) ([]byte, error)
}

// Service opens, keeps and ends calls.
type Service struct {
	db     *postgres.DB
	intake taker
	desk   *desk.Service
	leases Leases
	seal   Sealer
	poke   event.Poker
	now    func() time.Time
	log    *slog.Logger
}

// New makes the service. now is PostgreSQL's time (postgres.Clock.Now).
func New(db *postgres.DB, in taker, acts *desk.Service, leases Leases, seal Sealer, poke event.Poker, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, intake: in, desk: acts, leases: leases, seal: seal, poke: poke, now: now, log: log}
}

// see finds a call whose ticket the actor may see.
func (s *Service) see(ctx context.Context, db *gorm.DB, actor access.Actor, contact int64) (Call, ticket.Ticket, error) {
	c, err := byContact(ctx, db, contact)
	if err != nil {
		return Call{}, ticket.Ticket{}, err
	}
	t, err := ticket.ByID(ctx, db, c.TicketID)
	if err != nil {
		return Call{}, ticket.Ticket{}, err
	}
	if !actor.MaySee(t.Audience()) {
		return Call{}, ticket.Ticket{}, ErrNotFound
	}
	return c, t, nil
}

// See finds a call for an actor, with its ticket: what is hidden is absent.
func (s *Service) See(ctx context.Context, actor access.Actor, contact int64) (Opened, error) {
	c, t, err := s.see(ctx, s.db.Gorm, actor, contact)
	return Opened{c, t}, err
}

// mine refuses to change somebody else's call, but for those who may take over.
func (c Call) mine(actor access.Actor) error {
	if c.AgentID != nil && *c.AgentID != actor.AccountID && !actor.May(access.TakeOver) {
		return ErrNotYours
	}
	return nil
}

// numberOf is the canonical form of a line's number: E.164 where it is one.
func numberOf(text string) string {
	if p, err := brazil.ParsePhone(text); err == nil {
		return string(p)
	}
	return text
}
