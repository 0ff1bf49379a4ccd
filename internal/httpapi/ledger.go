package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

// ledger is what these handlers need from package intake, and no more.
type ledger interface {
	Summary(ctx context.Context, p intake.Period, see access.Scope) (intake.Summary, error)
	Ledger(ctx context.Context, q intake.Query, see access.Scope) ([]intake.Entry, string, error)
	Entry(ctx context.Context, id int64, see access.Scope) (intake.Entry, map[string]string, error)
	Source(ctx context.Context, id int64, see access.Scope) ([]byte, error)
	Retry(ctx context.Context, id int64, see access.Scope) (intake.Receipt, error)
	Discard(ctx context.Context, who access.Actor, id int64, remark string) error
	Erase(ctx context.Context, who access.Actor, id int64, remark string, altogether bool) error
}

type ledgerRoutes struct{ intake ledger }

// IntakeSummary proves that nothing was lost: received = accounted + pending.
type IntakeSummary struct {
	Received  int64            `json:"received"`
	Accounted int64            `json:"accounted"`
	Pending   int64            `json:"pending"`
	ByFate    map[string]int64 `json:"by_fate"`
	ByChannel map[string]int64 `json:"by_channel"`
	Days      []IntakeDay      `json:"days" doc:"The newest first; without from and to the last 31"`
}

// IntakeDay is what one channel received on one local day, and what became of it since.
type IntakeDay struct {
	Day       string           `json:"day" format:"date"`
	Channel   string           `json:"channel"`
	Received  int64            `json:"received"`
	Accounted int64            `json:"accounted"`
	Pending   int64            `json:"pending"`
	ByFate    map[string]int64 `json:"by_fate"`
}

type periodInput struct {
	From string `query:"from" format:"date" doc:"First local day"`
	To   string `query:"to" format:"date" doc:"Last local day"`
}

// dayOf reads a day that Huma has checked; an empty text is no day.
func dayOf(text string) brazil.Date {
	day, _ := brazil.ParseDate(text)
	return day
}

// summary handles GET /api/intake/summary.
func (h ledgerRoutes) summary(ctx context.Context, who access.Actor, in *periodInput) (IntakeSummary, error) {
	s, err := h.intake.Summary(ctx, intake.Period{From: dayOf(in.From), To: dayOf(in.To)}, who.Scope())
	days := itemsOf(s.Days, func(d intake.Day) IntakeDay {
		return IntakeDay{d.Day.String(), string(d.Channel), d.Received, d.Accounted, d.Pending, byName(d.ByFate)}
	})
	return IntakeSummary{s.Received, s.Accounted, s.Pending, byName(s.ByFate), byName(s.ByChannel), days.Items}, err
}

func byName[K ~string](counts map[K]int64) map[string]int64 {
	out := make(map[string]int64, len(counts))
	for name, n := range counts {
		out[string(name)] = n
	}
	return out
}

type ledgerInput struct {
	Fate    string `query:"fate" enum:"pending,ticket,reply,duplicate,automatic,quarantined,discarded"`
	Channel string `query:"channel" enum:"phone,webform,email,ombudsman"`
	Day     string `query:"day" format:"date" doc:"Local day of receipt"`
	Cursor  string `query:"cursor" maxLength:"400"`
	Limit   int    `query:"limit" minimum:"1" default:"50" doc:"More than 200 is 200"`
}

// LedgerPage is one page of the intake ledger, newest first.
type LedgerPage struct {
	Items []LedgerItem `json:"items"`
	Next  *string      `json:"next"`
}

// LedgerItem is one inbound thing and what became of it.
type LedgerItem struct {
	ID         int64      `json:"id"`
	Channel    string     `json:"channel"`
	Fate       string     `json:"fate" enum:"pending,ticket,reply,duplicate,automatic,quarantined,discarded"`
	Reason     string     `json:"reason" doc:"Code of what kept it from being taken in"`
	TicketID   *int64     `json:"ticket_id"`
	Protocol   string     `json:"protocol" doc:"Of the ticket, when the reader sees it"`
	MessageID  *int64     `json:"message_id"`
	Attempts   int        `json:"attempts"`
	Failures   int        `json:"failures" doc:"Tries ended by what passes by itself"`
	ReceivedAt time.Time  `json:"received_at"`
	FatedAt    *time.Time `json:"fated_at"`
	NextTry    *time.Time `json:"next_try" doc:"While it is pending"`
	DecidedBy  string     `json:"decided_by" doc:"Who discarded or purged it"`
	Remark     string     `json:"remark" doc:"In whose words"`
	Purged     bool       `json:"purged" doc:"Its source is erased"`
	From       string     `json:"from" doc:"Who it says to be from; a stranger's text"`
	Subject    string     `json:"subject" doc:"What it says to be about; a stranger's text"`
}

func ledgerItem(e intake.Entry) LedgerItem {
	return LedgerItem{e.ID, string(e.Channel), string(e.Fate), e.Reason, e.TicketID, e.Protocol, e.MessageID, e.Attempts, e.Failures,
		e.ReceivedAt, e.FatedAt, e.NextTry, e.DecidedBy, e.Remark, e.Purged, e.From, e.Subject}
}

// list handles GET /api/intake/ledger.
func (h ledgerRoutes) list(ctx context.Context, who access.Actor, in *ledgerInput) (LedgerPage, error) {
	entries, next, err := h.intake.Ledger(ctx, intake.Query{
		Fate: intake.Fate(in.Fate), Channel: channel.Name(in.Channel), Day: dayOf(in.Day), Cursor: in.Cursor, Limit: in.Limit,
	}, who.Scope())
	return LedgerPage{itemsOf(entries, ledgerItem).Items, orNull(next)}, err
}

// LedgerDetail is an item with what can be told of its source.
type LedgerDetail struct {
	Item    LedgerItem        `json:"item"`
	Preview map[string]string `json:"preview" doc:"Such as from and subject; empty when nothing can be told"`
}

// get handles GET /api/intake/ledger/{id}.
func (h ledgerRoutes) get(ctx context.Context, who access.Actor, in *ByID) (LedgerDetail, error) {
	id, err := pathID(in.ID, intake.ErrNotFound)
	if err != nil {
		return LedgerDetail{}, err
	}
	e, preview, err := h.intake.Entry(ctx, id, who.Scope())
	if preview == nil {
		preview = map[string]string{}
	}
	return LedgerDetail{ledgerItem(e), preview}, err
}

var sourceOperation = huma.Operation{
	Summary:    "The raw source of an item",
	Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
	Responses: map[string]*huma.Response{"200": {
		Description: "The bytes as they came, as an attachment",
		Content:     map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}},
}

// source handles GET /api/intake/ledger/{id}/source. Whatever it holds, it is
// text to a browser, and a stranger's.
func (h ledgerRoutes) source(c *fiber.Ctx) error {
	ctx := c.UserContext()
	id, err := pathID(c.Params("id"), intake.ErrNotFound)
	if err != nil {
		return err
	}
	raw, err := h.intake.Source(ctx, id, actorOf(ctx).Scope())
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentDisposition, attachment(fmt.Sprintf("entrada-%d.txt", id)))
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	return c.Status(http.StatusOK).Send(raw)
}

// Retried answers another try that worked. An item that became no ticket has none.
type Retried struct {
	TicketID int64  `json:"ticket_id"`
	Protocol string `json:"protocol"`
}

// retry handles POST /api/intake/ledger/{id}/retry.
func (h ledgerRoutes) retry(ctx context.Context, who access.Actor, in *ByID) (Retried, error) {
	id, err := pathID(in.ID, intake.ErrNotFound)
	if err != nil {
		return Retried{}, err
	}
	r, err := h.intake.Retry(ctx, id, who.Scope())
	return Retried{r.TicketID, r.Protocol}, err
}

type discardInput struct {
	ByID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why it is to become nothing, in the words of who decides"`
	}
}

// discard handles POST /api/intake/ledger/{id}/discard.
func (h ledgerRoutes) discard(ctx context.Context, who access.Actor, in *discardInput) error {
	id, err := pathID(in.ID, intake.ErrNotFound)
	if err != nil {
		return err
	}
	return h.intake.Discard(ctx, who, id, in.Body.Reason)
}

type eraseInput struct {
	ByID
	Body struct {
		Reason     string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, in the words of who decides"`
		Altogether bool   `json:"altogether,omitempty" doc:"Leave only a hash of its key, by which it is known when it is brought again"`
	}
}

// erase handles POST /api/intake/ledger/{id}/erase.
func (h ledgerRoutes) erase(ctx context.Context, who access.Actor, in *eraseInput) error {
	id, err := pathID(in.ID, intake.ErrNotFound)
	if err != nil {
		return err
	}
	return h.intake.Erase(ctx, who, id, in.Body.Reason, in.Body.Altogether)
}
