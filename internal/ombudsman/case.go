// Package ombudsman owns the second instance: cases behind the wall, how their
// answer is prepared by one person and signed by another, what is asked of the
// demandant and of the areas, and what the office recommends.
//
// A case is a ticket behind the wall and what stands in the tables of migration
// 00012; the database makes the one with the other. Every act goes through
// package desk, so that it shares one transaction and one event with the ticket,
// and leaves a line in the case's trail. An area that is asked something gets a
// text of its own and nothing else: see areas.go.
package ombudsman

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of the office's acts. A case that is hidden is ticket.ErrNotFound.
var (
	ErrPoints     = fault.New(fault.Conflict, "case_points_open")      // a point has no answer; args: open
	ErrNoPoints   = fault.New(fault.Conflict, "case_points_missing")   // no points were extracted
	ErrVerdict    = fault.New(fault.Conflict, "case_verdict_missing")  // merit or result is not decided
	ErrStalling   = fault.New(fault.Invalid, "case_answer_stalling")   // the text only says that we are at it
	ErrNoDraft    = fault.New(fault.Conflict, "case_draft_missing")    // nothing was given for review
	ErrFourEyes   = fault.New(fault.Forbidden, "case_four_eyes")       // who wrote it does not sign it
	ErrRank       = fault.New(fault.Forbidden, "case_rank")            // only the ombudsman and the substitute sign
	ErrDraftMoved = fault.New(fault.Conflict, "case_draft_changed")    // somebody wrote in it meanwhile; args: version
	ErrAccused    = fault.New(fault.Invalid, "case_area_accused")      // the area is the one that is accused
	ErrEnded      = fault.New(fault.Conflict, "case_ended")            // the case has its answer
	ErrNoReach    = fault.New(fault.Conflict, "case_complement_twice") // one complement is asked for already
	ErrOutvoted   = fault.New(fault.Invalid, "case_accused_yourself")  // who would bar themselves by it
	ErrNotFound   = fault.New(fault.NotFound, "case_part_not_found")   // no such point, recommendation or request
)

// Merit is whether the demand was right.
type Merit string

// Result is what came of it.
type Result string

// View is how the demandant sees the result.
type View string

// Merits, Results and Views are the choices of a verdict; each may also be open.
var (
	Merits  = []Merit{"founded", "partly", "unfounded"}
	Results = []Result{"solved", "unsolved", "unsolvable", "withdrawn", "duplicate", "not_ours"}
	Views   = []View{"solved", "partly", "unsolved"}
)

// Verdict is the outcome in its three separate fields.
type Verdict struct {
	Merit       Merit
	Result      Result
	Consumer    View
	ReversesSAC bool // the SAC had decided otherwise
}

// Case is what the office knows of a ticket behind the wall.
type Case struct {
	Ticket          ticket.Ticket
	Regime          string // by whose rules the terms are counted
	Way             string
	Source          string
	ExternalID      string
	Confidentiality string
	SACProtocol     string // as told
	SAC             *SAC   // what it turned out to be; nil when it leads nowhere
	Verdict         Verdict
	ComplementAt    *time.Time
	ComplementDue   *time.Time
	ArchivedAt      *time.Time
	ConcludedAt     *time.Time
	ConcludedBy     *int64

	Points          []Point
	Draft           *Draft
	Accused         Accused
	Recommendations []Recommendation
	Requests        []Request
	Trail           []Trace
	From            map[string]string // who the demandant said to be, by kind of identity
}

// SAC is the ticket of the first instance.
type SAC struct {
	TicketID   int64
	Protocol   string
	Subject    string
	Status     ticket.Status
	OpenedAt   time.Time
	ResolvedAt *time.Time
	CustomerID *int64
}

// Trace is one line of the trail: who did what, when.
type Trace struct {
	Act       string
	AccountID *int64
	Name      string // empty when time did it
	Data      string // JSON object
	At        time.Time
}

// intaker is what opening a case needs from package intake.
type intaker interface {
	Submit(ctx context.Context, m channel.Inbound) (intake.Receipt, error)
}

// Service performs the acts of the office.
type Service struct {
	db        *postgres.DB
	desk      *desk.Service
	intake    intaker
	calendars sla.Calendars
	poke      event.Poker
	now       func() time.Time
	log       *slog.Logger
}

// New makes the service. now is PostgreSQL's time (postgres.Clock.Now).
func New(db *postgres.DB, acts *desk.Service, in intaker, calendars sla.Calendars, poke event.Poker, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, desk: acts, intake: in, calendars: calendars, poke: poke, now: now, log: log}
}

// act changes a case that the actor sees: fn writes what it does in the
// transaction of the case's event and says what the trail keeps of it.
func (s *Service) act(ctx context.Context, actor access.Actor, id int64, act string, fn func(tx *gorm.DB, t ticket.Ticket) (data any, err error)) error {
	told := map[string]any{"act": act}
	c := ticket.Cause{Kind: event.CaseChanged, Data: told, At: s.now()}
	_, err := s.desk.Change(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if !t.Walled {
			return ticket.ErrNotFound
		}
		data, err := fn(tx, *t)
		if err != nil {
			return err
		}
		if err := area.Refresh(ctx, tx, t); err != nil {
			return fmt.Errorf("see what case %d still asks: %w", id, err)
		}
		return trace(ctx, tx, id, act, &actor.AccountID, data, c.At)
	})
	return err
}

// open is act for what only a case without its answer allows.
func (s *Service) open(ctx context.Context, actor access.Actor, id int64, act string, fn func(tx *gorm.DB, t ticket.Ticket) (any, error)) error {
	return s.act(ctx, actor, id, act, func(tx *gorm.DB, t ticket.Ticket) (any, error) {
		if !t.Status.IsOpen() {
			return nil, ErrEnded
		}
		return fn(tx, t)
	})
}

// signs checks that the actor may sign, by what the account is now.
func signs(ctx context.Context, tx *gorm.DB, actor access.Actor) error {
	var rank account.Rank
	err := tx.WithContext(ctx).Raw("SELECT office_rank FROM accounts WHERE id = ? AND role = 'ombudsman' AND NOT office_pending AND active",
		actor.AccountID).Scan(&rank).Error
	if err != nil {
		return fmt.Errorf("read the rank of account %d: %w", actor.AccountID, err)
	}
	if !rank.Signs() {
		return ErrRank
	}
	return nil
}

// wrong is a field of an act that cannot be accepted.
func wrong(field, code string, max ...int) error { return ticket.Wrong(field, code, max...) }
