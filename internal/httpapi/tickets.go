package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"
)

// names turns an account's id into who it is.
type names interface {
	Get(ctx context.Context, id int64) (account.Account, error)
}

type ticketRoutes struct {
	db        *gorm.DB
	positions positions
	names     names
	clocks    clockRoutes
	customers customerRoutes
	saved     *view.Service
	now       func() time.Time // in the company's zone
}

// TicketRef is the address of one ticket: its id, or any protocol it has had.
type TicketRef struct {
	Ticket string `path:"ticket" doc:"Id or protocol"`
}

func rowBody(s ticket.Snapshot) TicketRow { return TicketRow(s) }

type listTickets struct {
	View     string `query:"view" pattern:"^([1-9][0-9]{0,17}|mine|unassigned|team|all|due_today|breached|waiting_customer|promised|reopened|mentions|unread|resolved)$" doc:"A stock view (mine, unassigned, team, all, due_today, breached, waiting_customer, promised, reopened, mentions, unread, resolved) or the id of a saved one"`
	Status   string `query:"status" doc:"One status, or open: everything not resolved or closed" enum:"open,new,waiting_customer,waiting_third,resolved,closed"`
	Team     int64  `query:"team" minimum:"1"`
	Assignee int64  `query:"assignee" minimum:"1"`
	Channel  string `query:"channel" enum:"phone,webform,email,ombudsman"`
	Q        string `query:"q" maxLength:"500" doc:"Words, a name, a protocol or a document"`
	Sort     string `query:"sort" enum:"due,waiting,newest,relevance" doc:"Without it: due, or relevance when something is searched"`
	Cursor   string `query:"cursor" maxLength:"400"`
	Limit    int    `query:"limit" minimum:"1" default:"50" doc:"More than 100 is 100"`
}

// list handles GET /api/tickets. The position is taken first: what happens
// while the page is read is then told twice, never not at all.
func (h ticketRoutes) list(ctx context.Context, who access.Actor, in *listTickets) (TicketPage, error) {
	version := h.positions.Position().String()
	q, err := h.query(ctx, who, in)
	if err != nil {
		return TicketPage{}, err
	}
	page, err := ticket.List(ctx, h.db, q)
	return TicketPage{itemsOf(page.Items, rowBody).Items, orNull(page.Next), version}, err
}

// query reads what is asked for. A number is a saved view's.
func (h ticketRoutes) query(ctx context.Context, who access.Actor, in *listTickets) (ticket.Query, error) {
	q := ticket.Query{
		Actor: who, Now: h.now(), View: ticket.View(in.View), Status: in.Status, Team: in.Team, Assignee: in.Assignee,
		Channel: in.Channel, Q: in.Q, Sort: ticket.Sort(in.Sort), Cursor: in.Cursor, Limit: in.Limit,
	}
	id, err := strconv.ParseInt(in.View, 10, 64)
	if err != nil {
		return q, nil
	}
	saved, err := h.saved.Get(ctx, who, id)
	if err != nil {
		return q, err
	}
	q.View = ""
	if q.Sort == "" && q.Q == "" {
		q.Sort = saved.Sort
	}
	q.Rule, err = h.saved.Bind(ctx, who, saved.Rule)
	return q, err
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// get handles GET /api/tickets/{ticket}.
func (h ticketRoutes) get(ctx context.Context, who access.Actor, in *TicketRef) (TicketDetail, error) {
	version := h.positions.Position().String()
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return TicketDetail{}, err
	}
	d := TicketDetail{Ticket: rowBody(t.Snapshot()), Version: version}
	if d.Fields, err = fieldsBody(t); err != nil {
		return TicketDetail{}, err
	}
	if d.Answers, err = answersOf(ctx, h.db, t.ID, d.Fields); err != nil {
		return TicketDetail{}, err
	}
	if d.Clocks, err = h.clocks.clocksOf(ctx, t.ID); err != nil {
		return TicketDetail{}, err
	}
	duties, err := ticket.Duties(ctx, h.db, t.ID)
	if err != nil {
		return TicketDetail{}, err
	}
	d.Duties = itemsOf(duties, dutyBody).Items
	if err := h.db.WithContext(ctx).Raw("SELECT count(*), count(*) FILTER (WHERE state = 'open') FROM area_requests WHERE ticket_id = ?", t.ID).
		Row().Scan(&d.Requests, &d.RequestsOpen); err != nil {
		return TicketDetail{}, fmt.Errorf("count what ticket %d asks: %w", t.ID, err)
	}
	if d.Holder, err = h.holder(ctx, t); err != nil {
		return TicketDetail{}, err
	}
	if d.HandOver, err = handOverOf(ctx, h.db, t.ID); err != nil {
		return TicketDetail{}, err
	}
	if t.CustomerID != nil {
		c, err := h.customers.body(ctx, who, *t.CustomerID)
		if err != nil {
			return TicketDetail{}, err
		}
		d.Customer = &c
	}
	return d, nil
}

func (h ticketRoutes) holder(ctx context.Context, t ticket.Ticket) (*Holder, error) {
	if t.HolderID == nil {
		return nil, nil //nolint:nilnil // nobody
	}
	a, err := h.names.Get(ctx, *t.HolderID)
	return &Holder{a.ID, a.Name, t.LeaseUntil}, err
}

// Timeline is all that happened with a ticket, oldest first.
type Timeline struct {
	Items   []Entry `json:"items"`
	Version string  `json:"version"`
}

// timeline handles GET /api/tickets/{ticket}/timeline.
func (h ticketRoutes) timeline(ctx context.Context, who access.Actor, in *TicketRef) (Timeline, error) {
	version := h.positions.Position().String()
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Timeline{}, err
	}
	entries, err := ticket.Timeline(ctx, h.db, t.ID)
	return Timeline{itemsOf(entries, entryBody).Items, version}, err
}
