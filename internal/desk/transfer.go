package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of a transfer.
var (
	ErrHiddenFrom = fault.New(fault.Conflict, "transfer_hidden") // who would get it may not see it
	ErrThere      = fault.New(fault.Conflict, "already_theirs")
)

// Transfer gives a ticket to somebody else, or to a team.
type Transfer struct {
	To    int64  // the account that gets it; 0 leaves it to the team
	Team  int64  // where it goes; 0 leaves it where it is
	Note  string // how it stands, for who gets it
	Fence *int64 // the author's lease. Another one than the newest is ticket.ErrLeaseLost
}

// Transferred is what the event of a transfer tells beside the row.
type Transferred struct {
	From   *int64 `json:"from"` // whose it was
	To     *int64 `json:"to"`   // null for a team
	TeamID int64  `json:"team_id"`
	NoteID int64  `json:"note_id"`
}

// Transfer hands a ticket over with a note. The lease of whoever held it ends, the
// note is stored and the event told in one transaction, or nothing is. Taking it
// out of somebody else's hands needs the right to take over.
func (s *Service) Transfer(ctx context.Context, actor access.Actor, id int64, x Transfer) (ticket.Ticket, error) {
	body, err := ticket.CheckBody("note", x.Note)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if x.To == 0 && x.Team == 0 {
		return ticket.Ticket{}, ticket.Wrong("to_id", "required")
	}
	var told Transferred
	c := ticket.Cause{Kind: event.TicketTransferred, Data: &told, At: s.now()}
	return s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if !t.Status.IsOpen() {
			return ticket.ErrClosed
		}
		if x.Fence != nil && *x.Fence != t.Fence {
			return ticket.ErrLeaseLost
		}
		told.From = t.AssigneeID
		if err := x.move(ctx, tx, actor, t); err != nil {
			return err
		}
		t.HolderID, t.LeaseUntil = nil, nil
		n, err := ticket.InsertNote(ctx, tx, t, ticket.Note{AuthorID: actor.AccountID, AuthorName: actor.Name, Body: body, At: c.At})
		if err != nil {
			return err
		}
		told.To, told.TeamID, told.NoteID = t.AssigneeID, t.TeamID, n.ID
		err = tx.WithContext(ctx).Exec("INSERT INTO hand_overs (ticket_id, from_id, to_id, team_id, note_id, at) VALUES (?, ?, ?, ?, ?, ?)",
			t.ID, actor.AccountID, t.AssigneeID, t.TeamID, n.ID, c.At).Error
		if err != nil {
			return fmt.Errorf("note who has handed over ticket %d: %w", t.ID, err)
		}
		return nil
	})
}

// move makes the ticket whose it is to be, under the rules of every handing over.
func (x Transfer) move(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket) error {
	before := *t
	p := Patch{Assignee: &x.To}
	if x.Team != 0 {
		p.TeamID = &x.Team
	}
	err := p.handOver(ctx, tx, actor, t)
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code == ticket.ErrInvalid.Code && len(f.Details) > 0 && f.Details[0].Field == "assignee_id" {
		return ErrHiddenFrom
	}
	if err != nil {
		return err
	}
	if same(before.AssigneeID, t.AssigneeID) && before.TeamID == t.TeamID {
		return ErrThere
	}
	return nil
}

// HandOver is how a ticket came to who has it now.
type HandOver struct {
	FromID   int64
	FromName string
	ToID     *int64
	TeamID   int64
	NoteID   int64
	Note     string
	At       time.Time
}

// HandedOver is the last handing over of a ticket that nobody has answered since;
// ok is false when there is none.
func HandedOver(ctx context.Context, db *gorm.DB, ticketID int64) (h HandOver, ok bool, err error) {
	var found []HandOver
	err = db.WithContext(ctx).Raw(`SELECT h.from_id, a.name AS from_name, h.to_id, h.team_id, h.note_id, n.body AS note, h.at
		FROM hand_overs h JOIN accounts a ON a.id = h.from_id JOIN notes n ON n.id = h.note_id
		WHERE h.id = (SELECT max(id) FROM hand_overs WHERE ticket_id = @ticket) AND NOT EXISTS (SELECT FROM messages m
			WHERE m.ticket_id = @ticket AND m.direction = 'out' AND m.author_id IS NOT NULL AND m.at > h.at)`,
		map[string]any{"ticket": ticketID}).Scan(&found).Error
	if err != nil {
		return HandOver{}, false, fmt.Errorf("read how ticket %d was handed over: %w", ticketID, err)
	}
	if len(found) == 0 {
		return HandOver{}, false, nil
	}
	return found[0], true, nil
}
