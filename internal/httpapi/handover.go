package httpapi

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// handOverRoutes give tickets to somebody else, and call for help.
type handOverRoutes struct {
	db    *gorm.DB
	desk  *desk.Service
	board *presence.Board
}

type transferInput struct {
	TicketRef
	Body struct {
		ToID   int64  `json:"to_id,omitempty" minimum:"1" doc:"Who gets it; without, it is the team's"`
		TeamID int64  `json:"team_id,omitempty" minimum:"1" doc:"Where it goes; without, it stays where it is"`
		Note   string `json:"note" minLength:"1" maxLength:"50000" doc:"How it stands, for who gets it"`
		Fence  *int64 `json:"fence,omitempty" minimum:"1" doc:"The lease under which it is given away; an older one is refused"`
	}
}

// transfer handles POST /api/tickets/{ticket}/transfer.
func (h handOverRoutes) transfer(ctx context.Context, who access.Actor, in *transferInput) (Changed, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Changed{}, err
	}
	t, err = h.desk.Transfer(ctx, who, t.ID, desk.Transfer{To: in.Body.ToID, Team: in.Body.TeamID, Note: in.Body.Note, Fence: in.Body.Fence})
	if err != nil {
		return Changed{}, err
	}
	return changedBody(who, t), nil
}

type recipientsInput struct {
	TicketRef
	Q string `query:"q" maxLength:"100" doc:"Words of the name"`
}

// Recipient is somebody to whom a ticket can be given.
type Recipient struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	State string     `json:"state" enum:"offline,online,away,call,after_call,break"`
	Until *time.Time `json:"until" doc:"When they mean to be back from a break"`
	Load  int        `json:"load" doc:"Open tickets that are theirs"`
}

// mostRecipients bounds the list: beyond it, names are typed.
const mostRecipients = 100

// recipients handles GET /api/tickets/{ticket}/recipients: first who is free, with
// the fewest tickets.
func (h handOverRoutes) recipients(ctx context.Context, who access.Actor, in *recipientsInput) (Items[Recipient], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Recipient]{}, err
	}
	all, err := desk.Recipients(ctx, h.db, who, t, in.Q)
	if err != nil {
		return Items[Recipient]{}, err
	}
	out := itemsOf(all, func(r desk.Recipient) Recipient {
		p, here := h.board.Person(r.ID)
		m := myState(p, here)
		return Recipient{r.ID, r.Name, m.State, m.Until, r.Load}
	})
	place := func(r Recipient) int {
		switch {
		case presence.State(r.State).Free():
			return 0
		case r.State == "offline":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(out.Items, func(a, b Recipient) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Load, b.Load))
	})
	out.Items = out.Items[:min(len(out.Items), mostRecipients)]
	return out, nil
}

// HandOver is how a ticket came to who has it now, until somebody answers.
type HandOver struct {
	FromID   int64     `json:"from_id"`
	FromName string    `json:"from_name"`
	ToID     *int64    `json:"to_id" doc:"null for a team"`
	NoteID   int64     `json:"note_id"`
	Note     string    `json:"note"`
	At       time.Time `json:"at"`
}

// handOverOf is what the ticket pane shows of the last handing over.
func handOverOf(ctx context.Context, db *gorm.DB, id int64) (*HandOver, error) {
	h, ok, err := desk.HandedOver(ctx, db, id)
	if err != nil || !ok {
		return nil, err
	}
	return &HandOver{h.FromID, h.FromName, h.ToID, h.NoteID, h.Note, h.At}, nil
}

type helpInput struct {
	TicketRef
	Body struct {
		Word string `json:"word,omitempty" maxLength:"300"`
	}
}

// askHelp handles POST /api/tickets/{ticket}/help.
func (h handOverRoutes) askHelp(ctx context.Context, who access.Actor, in *helpInput) error {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return err
	}
	return h.desk.AskHelp(ctx, who, t.ID, in.Body.Word)
}

// withdrawHelp handles DELETE /api/tickets/{ticket}/help.
func (h handOverRoutes) withdrawHelp(ctx context.Context, who access.Actor, in *TicketRef) error {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return err
	}
	return h.desk.EndHelp(ctx, who, t.ID, who.AccountID)
}

type joinInput struct {
	TicketRef
	Body struct {
		AccountID int64 `json:"account_id" minimum:"1" doc:"Who asked for help"`
	}
}

// joinHelp handles POST /api/tickets/{ticket}/help/join.
func (h handOverRoutes) joinHelp(ctx context.Context, who access.Actor, in *joinInput) error {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return err
	}
	return h.desk.EndHelp(ctx, who, t.ID, in.Body.AccountID)
}

// HelpCall is somebody on a ticket who waits for a supervisor.
type HelpCall struct {
	TicketID  int64     `json:"ticket_id"`
	Protocol  string    `json:"protocol"`
	Subject   string    `json:"subject"`
	AccountID int64     `json:"account_id"`
	Name      string    `json:"name"`
	Word      string    `json:"word"`
	AskedAt   time.Time `json:"asked_at"`
}

// help handles GET /api/help.
func (h handOverRoutes) help(ctx context.Context, who access.Actor, _ *none) (Items[HelpCall], error) {
	all, err := desk.CallsForHelp(ctx, h.db, who)
	return itemsOf(all, func(c desk.Help) HelpCall { return HelpCall(c) }), err
}
