package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/copies"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// writer is what these handlers need from package desk, and no more.
type writer interface {
	Write(ctx context.Context, actor access.Actor, id int64, w desk.Written) (ticket.Message, ticket.Ticket, error)
	Text(ctx context.Context, actor access.Actor, id int64, x desk.Texted) (ticket.Message, ticket.Ticket, error)
	Ways(ctx context.Context, t ticket.Ticket) ([]desk.OpenWay, error)
}

// paperRoutes are the calls about what goes out on paper, and about copies.
type paperRoutes struct {
	*Server
	db     *postgres.DB
	desk   writer
	copies *copies.Service
	now    func() time.Time
}

type letterInput struct {
	TicketRef
	Body struct {
		Body        string   `json:"body" minLength:"1" maxLength:"50000"`
		Address     []string `json:"address" minItems:"3" maxItems:"6" doc:"Name and address, a line each"`
		Resolve     bool     `json:"resolve,omitempty" doc:"The answer settles the matter"`
		SeenVersion *int     `json:"seen_version,omitempty" minimum:"1"`
		Fence       *int64   `json:"fence,omitempty" minimum:"1"`
	}
}

// write handles POST /api/tickets/{ticket}/letters.
func (h paperRoutes) write(ctx context.Context, who access.Actor, in *letterInput) (Replied, error) {
	t, err := ticket.See(ctx, h.db.Gorm, who, in.Ticket)
	if err != nil {
		return Replied{}, err
	}
	b := in.Body
	m, t, err := h.desk.Write(ctx, who, t.ID, desk.Written{Body: b.Body, Address: b.Address, Resolve: b.Resolve, SeenVersion: b.SeenVersion, Fence: b.Fence})
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

// Letter is a letter that is still to be posted.
type Letter struct {
	ID        int64      `json:"id"`
	TicketID  int64      `json:"ticket_id"`
	Protocol  string     `json:"protocol"`
	Recipient string     `json:"recipient"`
	Purpose   string     `json:"purpose" enum:"reply,history,request"`
	OrderedAt time.Time  `json:"ordered_at"`
	BatchID   *int64     `json:"batch_id" doc:"The batch it was printed in"`
	PrintedAt *time.Time `json:"printed_at"`
}

// waiting handles GET /api/letters.
func (h paperRoutes) waiting(ctx context.Context, who access.Actor, _ *none) (Items[Letter], error) {
	all, err := outbox.Letters(ctx, h.db.Gorm, who)
	return itemsOf(all, func(w outbox.Waiting) Letter {
		return Letter{w.ID, w.TicketID, w.Protocol, w.Recipient, w.Purpose, w.OrderedAt, w.BatchID, w.PrintedAt}
	}), err
}

type gatherInput struct {
	Body struct {
		IDs []int64 `json:"ids" minItems:"1" maxItems:"500"`
	}
}

// LetterBatch answers letters that were gathered.
type LetterBatch struct {
	BatchID int64 `json:"batch_id"`
	Letters int64 `json:"letters"`
}

// gather handles POST /api/letters/batches.
func (h paperRoutes) gather(ctx context.Context, who access.Actor, in *gatherInput) (LetterBatch, error) {
	id, n, err := outbox.Gather(ctx, h.db, who, in.Body.IDs)
	return LetterBatch{id, n}, err
}

var letterOperation = huma.Operation{
	OperationID: "get-letter-batch-pdf", Summary: "The letters of a batch, to be printed",
	Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}},
	Responses: map[string]*huma.Response{"200": {Description: "The pages", Content: map[string]*huma.MediaType{
		"application/pdf": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}},
}

// print handles GET /api/letters/batches/{id}/pdf.
func (h paperRoutes) print(c *fiber.Ctx) error {
	id, err := pathID(c.Params("id"), outbox.ErrNoBatch)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	var pdf bytes.Buffer
	if err := outbox.Print(ctx, h.db.Gorm, actorOf(ctx), id, h.options.TimeZone, &pdf); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="cartas-`+c.Params("id")+`.pdf"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(http.StatusOK).Send(pdf.Bytes())
}

type postedInput struct {
	ByID
	Body struct {
		Day string `json:"day" format:"date" doc:"In the company's time zone"`
	}
}

// posted handles POST /api/letters/batches/{id}/posted.
func (h paperRoutes) posted(ctx context.Context, who access.Actor, in *postedInput) error {
	id, err := pathID(in.ID, outbox.ErrNoBatch)
	if err != nil {
		return err
	}
	day, err := time.ParseInLocation(time.DateOnly, in.Body.Day, h.options.TimeZone)
	if err != nil {
		return outbox.ErrPostedWhen
	}
	return outbox.Posted(ctx, h.db, who, id, day, h.now())
}

type copyInput struct {
	TicketRef
	Body struct {
		What    string   `json:"what" enum:"history,recording"`
		Email   string   `json:"email,omitempty" maxLength:"254" doc:"Electronically; else by letter to the address"`
		Address []string `json:"address,omitempty" maxItems:"6"`
	}
}

// Copy is something that a customer asked to have.
type Copy struct {
	ID        int64      `json:"id"`
	What      string     `json:"what" enum:"history,recording"`
	Way       string     `json:"way" enum:"email,letter"`
	Recipient string     `json:"recipient"`
	AskedAt   time.Time  `json:"asked_at"`
	DueOn     string     `json:"due_on" format:"date"`
	State     string     `json:"state" doc:"Of what brings it, see the outbox"`
	SettledAt *time.Time `json:"settled_at"`
}

func copyBody(c copies.Copy) Copy {
	return Copy{c.ID, string(c.What), string(c.Way), c.Recipient, c.AskedAt, c.DueOn.Format(time.DateOnly), string(c.State), c.SettledAt}
}

// ask handles POST /api/tickets/{ticket}/copies.
func (h paperRoutes) ask(ctx context.Context, who access.Actor, in *copyInput) (Copy, error) {
	t, err := ticket.See(ctx, h.db.Gorm, who, in.Ticket)
	if err != nil {
		return Copy{}, err
	}
	c, err := h.copies.Ask(ctx, who, t.ID, copies.Request{What: copies.What(in.Body.What), Email: in.Body.Email, Address: in.Body.Address})
	return copyBody(c), err
}

// asked handles GET /api/tickets/{ticket}/copies.
func (h paperRoutes) asked(ctx context.Context, who access.Actor, in *TicketRef) (Items[Copy], error) {
	t, err := ticket.See(ctx, h.db.Gorm, who, in.Ticket)
	if err != nil {
		return Items[Copy]{}, err
	}
	all, err := h.copies.Of(ctx, t.ID)
	return itemsOf(all, copyBody), err
}
