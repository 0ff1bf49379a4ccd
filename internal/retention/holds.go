package retention

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxWhy bounds the reason of a hold, in characters.
const maxWhy = 500

// Hold keeps a ticket, or all that is a customer's, from being purged until
// somebody lifts it.
type Hold struct {
	ID           int64
	TicketID     *int64 // exactly one of the two
	CustomerID   *int64
	Protocol     string // of the ticket
	CustomerName string // of the customer
	Reason       string
	By           int64
	Since        time.Time
	LiftedBy     *int64
	LiftedAt     *time.Time
	LiftedWhy    string
}

// told is what the event of a hold says.
type told struct {
	Hold   int64  `json:"hold"`
	Held   bool   `json:"held"`
	Reason string `json:"reason"`
}

// HoldTicket keeps a ticket from being purged.
func (s *Service) HoldTicket(ctx context.Context, actor access.Actor, ref, reason string) (Hold, error) {
	t, err := ticket.See(ctx, s.DB.Gorm, actor, ref)
	if err != nil {
		return Hold{}, err
	}
	if reason, err = why(reason); err != nil {
		return Hold{}, err
	}
	if !actor.May(access.HoldRecords) {
		return Hold{}, ErrNotYours
	}
	var h Hold
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		data := &told{Held: true, Reason: reason}
		_, err := ticket.Change(ctx, tx, t.ID, s.held(actor, data), func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ticket.ErrNotFound
			}
			h, err = s.insert(ctx, tx, Hold{TicketID: &t.ID, Protocol: t.Protocol, Reason: reason, By: actor.AccountID})
			data.Hold = h.ID
			return err
		})
		return err
	})
	if err == nil {
		s.Poke.Poke()
	}
	return h, err
}

// HoldCustomer keeps all that is a customer's from being purged.
func (s *Service) HoldCustomer(ctx context.Context, actor access.Actor, id int64, reason string) (Hold, error) {
	reason, err := why(reason)
	if err != nil {
		return Hold{}, err
	}
	var h Hold
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		var knows bool
		err := tx.WithContext(ctx).Raw("SELECT EXISTS ("+known("@id")+")", actor.Scope().Named(map[string]any{"id": id})).Scan(&knows).Error
		if err != nil {
			return fmt.Errorf("ask who knows customer %d: %w", id, err)
		}
		if !knows {
			return ErrNoCustomer
		}
		q, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		h = Hold{CustomerID: &id, Reason: reason, By: actor.AccountID}
		// Whoever purges something of this customer has the row, too: one of the two comes first.
		err = q.QueryRow(ctx, "SELECT name FROM customers WHERE id = $1 FOR UPDATE", id).Scan(&h.CustomerName)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoCustomer
		}
		if err != nil {
			return fmt.Errorf("hold customer %d: %w", id, err)
		}
		h, err = s.insert(ctx, tx, h)
		return err
	})
	return h, err
}

func (s *Service) insert(ctx context.Context, tx *gorm.DB, h Hold) (Hold, error) {
	q, err := postgres.PgxTx(tx)
	if err != nil {
		return h, err
	}
	var there bool
	err = q.QueryRow(ctx, "SELECT EXISTS (SELECT FROM retention_holds WHERE lifted_at IS NULL AND (ticket_id = $1 OR customer_id = $2))", h.TicketID, h.CustomerID).Scan(&there)
	if err == nil && there {
		return h, ErrHeld
	}
	if err == nil {
		h.Since = s.Now()
		err = q.QueryRow(ctx, "INSERT INTO retention_holds (ticket_id, customer_id, reason, by, since) VALUES ($1, $2, $3, $4, $5) RETURNING id",
			h.TicketID, h.CustomerID, h.Reason, h.By, h.Since).Scan(&h.ID)
	}
	if err != nil {
		return h, fmt.Errorf("keep a hold: %w", err)
	}
	return h, nil
}

// Lift ends a hold. One of a ticket that its actor does not see is not found.
func (s *Service) Lift(ctx context.Context, actor access.Actor, id int64, reason string) (Hold, error) {
	reason, err := why(reason)
	if err != nil {
		return Hold{}, err
	}
	found, err := s.holds(ctx, actor, "h.id = @id AND h.lifted_at IS NULL", map[string]any{"id": id})
	if err != nil {
		return Hold{}, err
	}
	if len(found) == 0 {
		return Hold{}, ErrNoHold
	}
	h := found[0]
	now := s.Now()
	h.LiftedBy, h.LiftedAt, h.LiftedWhy = &actor.AccountID, &now, reason
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		lift := func() error {
			done := tx.WithContext(ctx).Exec("UPDATE retention_holds SET lifted_by = ?, lifted_at = ?, lifted_why = ? WHERE id = ? AND lifted_at IS NULL",
				actor.AccountID, now, reason, id)
			if done.Error != nil {
				return fmt.Errorf("lift hold %d: %w", id, done.Error)
			}
			if done.RowsAffected == 0 {
				return ErrNoHold
			}
			return nil
		}
		if h.TicketID == nil {
			return lift()
		}
		_, err := ticket.Change(ctx, tx, *h.TicketID, s.held(actor, &told{Hold: id, Reason: reason}), func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ErrNoHold
			}
			return lift()
		})
		return err
	})
	if err == nil {
		s.Poke.Poke()
	}
	return h, err
}

func (s *Service) held(actor access.Actor, data *told) ticket.Cause {
	return ticket.Cause{Kind: event.TicketHeld, ActorID: &actor.AccountID, Data: data, At: s.Now()}
}

// Holds lists what is held and may be known to the actor, the newest first; with
// lifted also what was. At most a thousand.
func (s *Service) Holds(ctx context.Context, actor access.Actor, lifted bool) ([]Hold, error) {
	return s.holds(ctx, actor, "(@lifted OR h.lifted_at IS NULL)", map[string]any{"lifted": lifted})
}

func (s *Service) holds(ctx context.Context, actor access.Actor, where string, values map[string]any) ([]Hold, error) {
	var all []Hold
	err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT h.*, coalesce(t.protocol, '') AS protocol, coalesce(c.name, '') AS customer_name
		FROM retention_holds h LEFT JOIN tickets t ON t.id = h.ticket_id LEFT JOIN customers c ON c.id = h.customer_id
		WHERE `+where+` AND (h.ticket_id IS NOT NULL AND `+access.Condition+` OR EXISTS (`+known("h.customer_id")+`)) ORDER BY h.id DESC LIMIT 1000`, actor.Scope().Named(values)).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list what is held: %w", err)
	}
	return all, nil
}

// known is, in SQL, a query for the tickets by which the actor knows of a customer,
// or of who they turned out to be.
func known(customer string) string {
	return `SELECT FROM tickets t WHERE ` + access.Condition + ` AND t.customer_id IN (WITH RECURSIVE became (id) AS (
	  SELECT CAST(` + customer + ` AS bigint) UNION SELECT c.merged_into FROM became b JOIN customers c ON c.id = b.id AND c.merged_into IS NOT NULL)
	  SELECT id FROM became)`
}

// why trims and checks a reason.
func why(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > maxWhy || !utf8.ValidString(reason) ||
		strings.ContainsFunc(reason, func(r rune) bool { return r < ' ' && r != '\n' }) {
		return "", ErrWhy.With("max", maxWhy)
	}
	return reason, nil
}
