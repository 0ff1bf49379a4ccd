package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// draftRoutes keep what people are writing, so that it is there on any machine.
type draftRoutes struct {
	db   *gorm.DB
	desk *desk.Service
}

// Draft is what somebody has written on a ticket and not sent.
type Draft struct {
	AccountID  int64     `json:"account_id"`
	AuthorName string    `json:"author_name"`
	Kind       string    `json:"kind" enum:"reply,note"`
	Body       string    `json:"body"`
	Seen       int       `json:"seen" doc:"public_version of the ticket when the writing began"`
	Revision   int64     `json:"revision" doc:"To be sent back with the next words; 0 when there is no draft"`
	UpdatedAt  time.Time `json:"updated_at"`
}

func draftBody(d desk.Draft) Draft {
	return Draft{d.AccountID, d.AuthorName, string(d.Kind), d.Body, d.Seen, d.Revision, d.UpdatedAt}
}

// list handles GET /api/tickets/{ticket}/drafts.
func (h draftRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[Draft], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Draft]{}, err
	}
	all, err := desk.Drafts(ctx, h.db, t.ID)
	return itemsOf(all, draftBody), err
}

type saveDraft struct {
	TicketRef
	Kind string `path:"kind" enum:"reply,note"`
	Body struct {
		Body     string `json:"body" maxLength:"50000" doc:"Empty removes the draft"`
		Seen     int    `json:"seen" minimum:"0"`
		Revision int64  `json:"revision" minimum:"0" doc:"The one that was seen last; when other words were saved since, nothing is written"`
	}
}

// save handles PUT /api/tickets/{ticket}/drafts/{kind}.
func (h draftRoutes) save(ctx context.Context, who access.Actor, in *saveDraft) (Draft, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Draft{}, err
	}
	d, err := h.desk.SaveDraft(ctx, who, desk.Draft{TicketID: t.ID, Kind: desk.DraftKind(in.Kind), Body: in.Body.Body, Seen: in.Body.Seen, Revision: in.Body.Revision})
	return draftBody(d), err
}
