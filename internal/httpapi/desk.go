package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/commitment"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// acts is what these handlers need from package desk, and no more.
type acts interface {
	Patch(ctx context.Context, actor access.Actor, id int64, p desk.Patch) (ticket.Ticket, error)
	Reply(ctx context.Context, actor access.Actor, id int64, r desk.Reply) (ticket.Message, ticket.Ticket, error)
	Undo(ctx context.Context, actor access.Actor, id, messageID int64) (ticket.Message, ticket.Ticket, error)
	Note(ctx context.Context, actor access.Actor, id int64, body string, given ...desk.Pledges) (ticket.Note, ticket.Ticket, error)
	ReadPromises(text string) ([]commitment.Promise, error)
	Look(ctx context.Context, actor access.Actor, id int64, version int) (ticket.Read, error)
}

type deskRoutes struct {
	db      *gorm.DB
	desk    acts
	uploads uploadRoutes
}

type patchTicket struct {
	TicketRef
	Body struct {
		Version    int            `json:"version" minimum:"1" doc:"The version that was seen; another one is a version_conflict"`
		Status     *ticket.Status `json:"status,omitempty" enum:"open,waiting_customer,waiting_third,resolved,closed"`
		Priority   *int           `json:"priority,omitempty" minimum:"1" maximum:"4"`
		TeamID     *int64         `json:"team_id,omitempty" minimum:"1"`
		AssigneeID *int64         `json:"assignee_id,omitempty" minimum:"0" doc:"0 takes it from whoever has it"`
		Tags       *[]string      `json:"tags,omitempty" maxItems:"50"`
		ReasonID   *int64         `json:"reason_id,omitempty" minimum:"0" doc:"0 removes it"`
		Kind       *ticket.Kind   `json:"kind,omitempty" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
		Subject    *string        `json:"subject,omitempty" minLength:"1" maxLength:"300"`
		// What is open must not be overlooked by who ends the ticket.
		LeavePromises bool `json:"leave_promises,omitempty" doc:"End the ticket although it has promised its customer something, which stays owed. Without it that is promises_open, with what it has promised"`
	}
}

// Changed answers a change of a ticket. The ticket is null when the change has
// handed it to a team whose tickets its author does not see.
type Changed struct {
	Ticket *TicketRow `json:"ticket"`
}

func changedBody(who access.Actor, t ticket.Ticket) Changed {
	if !who.MaySee(t.Audience()) {
		return Changed{}
	}
	row := rowBody(t.Snapshot())
	return Changed{&row}
}

// patch handles PATCH /api/tickets/{ticket}.
func (h deskRoutes) patch(ctx context.Context, who access.Actor, in *patchTicket) (Changed, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Changed{}, err
	}
	b := in.Body
	t, err = h.desk.Patch(ctx, who, t.ID, desk.Patch{
		Version: b.Version, Status: b.Status, Priority: b.Priority, Kind: b.Kind, Subject: b.Subject,
		TeamID: b.TeamID, Assignee: b.AssigneeID, ReasonID: b.ReasonID, Tags: b.Tags,
		AskPromises: !b.LeavePromises,
	})
	if err != nil {
		return Changed{}, err
	}
	return changedBody(who, t), nil
}

type replyInput struct {
	TicketRef
	Body struct {
		Body        string    `json:"body" minLength:"1" maxLength:"50000"`
		SeenVersion *int      `json:"seen_version,omitempty" minimum:"1" doc:"Version on the screen of who answers; a public message after it makes the reply stale"`
		Fence       *int64    `json:"fence,omitempty" minimum:"1" doc:"Of the lease, when there is one"`
		Resolve     bool      `json:"resolve,omitempty" doc:"The answer settles the matter"`
		Files       []string  `json:"files,omitempty" maxItems:"10" doc:"Ids from POST /api/uploads"`
		Commitments *[]Pledge `json:"commitments,omitempty" maxItems:"5" doc:"What its author promises the customer. Left out: what the text promises with certainty; empty: nothing"`
		Meant       []Meant   `json:"meant,omitempty" maxItems:"50" doc:"What its author said about promises that were found as they wrote. With commitments left out, what they denied is not made, also when the text has grown since"`
		// As of a change of the status.
		LeavePromises bool `json:"leave_promises,omitempty" doc:"Resolve although the answer itself promises something. Without it that is promises_open"`
	}
}

// Replied answers a reply.
type Replied struct {
	Message Message   `json:"message"`
	Ticket  TicketRow `json:"ticket"`
}

// reply handles POST /api/tickets/{ticket}/replies.
func (h deskRoutes) reply(ctx context.Context, who access.Actor, in *replyInput) (Replied, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Replied{}, err
	}
	files, err := h.uploads.open(in.Body.Files, who.AccountID)
	if err != nil {
		return Replied{}, err
	}
	promises, err := h.pledges(in.Body.Body, in.Body.Commitments, in.Body.Meant)
	if err != nil {
		return Replied{}, err
	}
	m, t, err := h.desk.Reply(ctx, who, t.ID, desk.Reply{
		Body: in.Body.Body, SeenVersion: in.Body.SeenVersion, Fence: in.Body.Fence, Resolve: in.Body.Resolve,
		Files: attached(files), Promises: promises, AskPromises: !in.Body.LeavePromises,
	})
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

type undoInput struct {
	TicketRef
	Message string `path:"message"`
}

// undo handles POST /api/tickets/{ticket}/replies/{message}/undo.
func (h deskRoutes) undo(ctx context.Context, who access.Actor, in *undoInput) (Replied, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Replied{}, err
	}
	id, err := pathID(in.Message, ticket.ErrNotFound)
	if err != nil {
		return Replied{}, err
	}
	m, t, err := h.desk.Undo(ctx, who, t.ID, id)
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

func attached(files []channel.File) []ticket.File {
	out := make([]ticket.File, len(files))
	for i, f := range files {
		out[i] = ticket.File{Blob: f.Blob, Name: f.Name, Mime: f.Mime, Size: f.Size}
	}
	return out
}

type noteInput struct {
	TicketRef
	Body struct {
		Body        string    `json:"body" minLength:"1" maxLength:"50000"`
		Commitments *[]Pledge `json:"commitments,omitempty" maxItems:"5" doc:"As of a reply"`
		Meant       []Meant   `json:"meant,omitempty" maxItems:"50" doc:"As of a reply"`
	}
}

// Noted answers a note.
type Noted struct {
	Note   Note      `json:"note"`
	Ticket TicketRow `json:"ticket"`
}

// note handles POST /api/tickets/{ticket}/notes.
func (h deskRoutes) note(ctx context.Context, who access.Actor, in *noteInput) (Noted, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Noted{}, err
	}
	promises, err := h.pledges(in.Body.Body, in.Body.Commitments, in.Body.Meant)
	if err != nil {
		return Noted{}, err
	}
	n, t, err := h.desk.Note(ctx, who, t.ID, in.Body.Body, promises)
	if err != nil {
		return Noted{}, err
	}
	return Noted{noteBody(n), rowBody(t.Snapshot())}, nil
}

type lookInput struct {
	TicketRef
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version on the screen: what came after it is still new"`
	}
}

// Looked says what the reader had seen before.
type Looked struct {
	Version int        `json:"version" doc:"Up to which they had seen the ticket; 0 when never"`
	At      *time.Time `json:"at"`
}

// look handles POST /api/tickets/{ticket}/look.
func (h deskRoutes) look(ctx context.Context, who access.Actor, in *lookInput) (Looked, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Looked{}, err
	}
	was, err := h.desk.Look(ctx, who, t.ID, in.Body.Version)
	if err != nil || was.Version == 0 {
		return Looked{}, err
	}
	return Looked{was.Version, &was.At}, nil
}
