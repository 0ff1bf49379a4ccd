// Package assign decides who gets a ticket: claims, the lease of whoever is
// answering, and the next ticket of the queue.
//
// PostgreSQL decides every contest and makes the fence, the number that tells a
// holder's writes from those of somebody who no longer is. Redis has a copy of
// each lease, only to turn rivals away before they reach PostgreSQL: without
// it, or with an empty one, claims are slower and just as right.
package assign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxReason bounds the reason of a take-over, in runes.
const maxReason = 500

// ErrTakeOver is a take-over by somebody whose role does not allow any.
var ErrTakeOver = fault.New(fault.Forbidden, "take_over_forbidden")

// Lease is the right to be the one who answers, until ExpiresAt unless renewed.
// Writes that carry the Fence are refused once somebody else has a newer one.
type Lease struct {
	Fence     int64
	ExpiresAt time.Time
}

// TakeOver asks for a ticket that is somebody else's; it needs the right and a reason.
type TakeOver struct{ Reason string }

// Claimed is what the event of a claim tells beside the row.
type Claimed struct {
	Fence    int64  `json:"fence"`
	From     *int64 `json:"from,omitempty"` // whose it was before a take-over
	Reason   string `json:"reason,omitempty"`
	TakeOver bool   `json:"take_over,omitempty"`
}

// Service hands out tickets. Its Run must run on every node.
type Service struct {
	db     *postgres.DB
	copies *copies
	poke   event.Poker
	now    func() time.Time
	log    *slog.Logger
	skips  int // an account's, in an hour

	mu      sync.Mutex
	renewed map[int64]renewal // by ticket, until Run has told PostgreSQL
}

// New makes the service. now is PostgreSQL's time (postgres.Clock.Now); rdb may
// be out of reach at any time.
func New(db *postgres.DB, rdb redis.UniversalClient, poke event.Poker, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, copies: &copies{rdb: rdb, log: log, behind: map[int64]struct{}{}}, poke: poke, now: now, log: log, skips: skipsAnHour, renewed: map[int64]renewal{}}
}

// Claim makes the actor holder and assignee of an open ticket. While somebody
// else holds it, or once it is somebody else's, that is ErrClaimed; takeOver,
// when not nil, takes it all the same. Claiming what one holds makes a new
// fence: a caller who never got the answer asks again and has it.
func (s *Service) Claim(ctx context.Context, actor access.Actor, id int64, takeOver *TakeOver) (ticket.Ticket, Lease, error) {
	if takeOver != nil {
		if err := takeOver.check(actor); err != nil {
			return ticket.Ticket{}, Lease{}, err
		}
	} else if err := s.copies.turnAway(ctx, actor, id); err != nil {
		return ticket.Ticket{}, Lease{}, err
	}
	var claimed ticket.Ticket
	err := errCameFree
	for try := 0; try < 3 && errors.Is(err, errCameFree); try++ {
		err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
			claimed, err = s.take(ctx, tx, actor, id, takeOver)
			return err
		})
	}
	if err != nil {
		return ticket.Ticket{}, Lease{}, err
	}
	return claimed, s.taken(ctx, actor, claimed), nil
}

// taken does what follows the commit of a claim.
func (s *Service) taken(ctx context.Context, actor access.Actor, t ticket.Ticket) Lease {
	s.poke.Poke()
	s.copies.put(ctx, actor, t)
	return Lease{Fence: t.Fence, ExpiresAt: *t.LeaseUntil}
}

// seize is the contest. Only one of two rivals finds the row as it must be: the
// other waits for the first one's commit and sees what it left.
const seize = `UPDATE tickets SET holder_id = @me, assignee_id = @me, fence = fence + 1, lease_until = now() + make_interval(secs => @lease)
	WHERE id = @id AND open AND (@force OR
		(holder_id IS NULL OR holder_id = @me OR lease_until < now()) AND (assignee_id IS NULL OR assignee_id = @me))
	RETURNING fence`

// take claims within tx.
func (s *Service) take(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64, takeOver *TakeOver) (ticket.Ticket, error) {
	var told Claimed
	if takeOver != nil {
		was, err := ticket.ByID(ctx, tx, id)
		if err != nil {
			return ticket.Ticket{}, err
		}
		told = Claimed{From: was.AssigneeID, Reason: takeOver.Reason, TakeOver: true}
	}
	result := tx.Raw(seize, map[string]any{"me": actor.AccountID, "id": id, "force": takeOver != nil, "lease": ticket.LeaseTime.Seconds()}).Scan(&told.Fence)
	if result.Error != nil {
		return ticket.Ticket{}, fmt.Errorf("claim ticket %d: %w", id, result.Error)
	}
	if result.RowsAffected == 0 {
		return ticket.Ticket{}, s.refusal(ctx, tx, actor, id)
	}
	cause := ticket.Cause{Kind: event.TicketClaimed, ActorID: &actor.AccountID, Data: &told, At: s.now()}
	return ticket.Change(ctx, tx, id, cause, func(t *ticket.Ticket) error {
		if !actor.MaySee(t.Audience()) {
			return ticket.ErrNotFound
		}
		t.Unread = false // it is opened with that
		if t.Status == ticket.New {
			return t.Move(ticket.Open, cause.At)
		}
		return nil
	})
}

// refusal finds out why nothing was taken. What is hidden is absent, whoever holds it.
func (s *Service) refusal(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64) error {
	t, err := ticket.ByID(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case !actor.MaySee(t.Audience()):
		return ticket.ErrNotFound
	case !t.Status.IsOpen():
		return ticket.ErrClosed
	}
	holder, until := t.AssigneeID, (*time.Time)(nil)
	if _, held := t.HeldByAnother(actor.AccountID, s.now()); held {
		holder, until = t.HolderID, t.LeaseUntil
	}
	if holder == nil {
		return errCameFree
	}
	who, err := ticket.PersonOf(ctx, tx, *holder)
	if err != nil {
		return err
	}
	return ticket.ErrClaimed.With("holder", who).With("until", until)
}

func (t *TakeOver) check(actor access.Actor) error {
	if !actor.May(access.TakeOver) {
		return ErrTakeOver
	}
	t.Reason = strings.TrimSpace(t.Reason)
	switch {
	case t.Reason == "":
		return ticket.Wrong("reason", "required")
	case !utf8.ValidString(t.Reason) || strings.ContainsRune(t.Reason, 0):
		return ticket.Wrong("reason", "not_text")
	case utf8.RuneCountInString(t.Reason) > maxReason:
		return ticket.Wrong("reason", "too_long", maxReason)
	}
	return nil
}

// Release gives the ticket back: nobody holds it, and it is nobody's. Whose it
// is may do that, and whoever may take it over. Releasing what is free changes nothing.
func (s *Service) Release(ctx context.Context, actor access.Actor, id int64) (ticket.Ticket, error) {
	var released ticket.Ticket
	err := s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		cause := ticket.Cause{Kind: event.TicketReleased, ActorID: &actor.AccountID, At: s.now()}
		released, err = ticket.Change(ctx, tx, id, cause, func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ticket.ErrNotFound
			}
			if t.AssigneeID == nil && t.HolderID == nil {
				return ticket.ErrUnchanged
			}
			if !actor.May(access.TakeOver) && !is(t.AssigneeID, actor) && !is(t.HolderID, actor) {
				return ticket.ErrNotYours
			}
			t.AssigneeID, t.HolderID, t.LeaseUntil = nil, nil, nil
			return nil
		})
		return err
	})
	if err != nil {
		return ticket.Ticket{}, err
	}
	s.poke.Poke()
	s.Forget(ctx, id)
	return released, nil
}

func is(account *int64, actor access.Actor) bool {
	return account != nil && *account == actor.AccountID
}

// Forget drops the copy of a ticket's lease and what was to be renewed of it.
// Whoever ends a hold by other means than Release calls it after the commit;
// forgotten to be called, a free ticket is refused until the copy runs out.
func (s *Service) Forget(ctx context.Context, id int64) {
	s.mu.Lock()
	delete(s.renewed, id)
	s.mu.Unlock()
	s.copies.drop(ctx, id)
}

var (
	errNothingWaits = errors.New("nothing waits")
	// errCameFree: refused, and free a statement later. The next try gets it.
	errCameFree = errors.New("the ticket came free while it was looked at")
)
