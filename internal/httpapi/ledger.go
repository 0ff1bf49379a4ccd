package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/intake"
)

// ledger is what these handlers need from package intake, and no more.
type ledger interface {
	Summary(ctx context.Context, walled bool) (intake.Summary, error)
	Ledger(ctx context.Context, fate intake.Fate, walled bool, cursor string, limit int) ([]intake.Entry, string, error)
	Retry(ctx context.Context, id int64, walled bool) (intake.Receipt, error)
}

type ledgerRoutes struct{ intake ledger }

// IntakeSummary proves that nothing was lost: received = accounted + pending.
type IntakeSummary struct {
	Received  int64            `json:"received"`
	Accounted int64            `json:"accounted"`
	Pending   int64            `json:"pending"`
	ByFate    map[string]int64 `json:"by_fate"`
	ByChannel map[string]int64 `json:"by_channel"`
}

// summary handles GET /api/intake/summary.
func (h ledgerRoutes) summary(ctx context.Context, who access.Actor, _ *none) (IntakeSummary, error) {
	s, err := h.intake.Summary(ctx, who.Scope().Walled)
	return IntakeSummary{s.Received, s.Accounted, s.Pending, byName(s.ByFate), byName(s.ByChannel)}, err
}

func byName[K ~string](counts map[K]int64) map[string]int64 {
	out := make(map[string]int64, len(counts))
	for name, n := range counts {
		out[string(name)] = n
	}
	return out
}

type ledgerInput struct {
	Fate   string `query:"fate" enum:"pending,ticket,reply,duplicate,automatic,quarantined,discarded"`
	Cursor string `query:"cursor" maxLength:"400"`
	Limit  int    `query:"limit" minimum:"1" default:"50" doc:"More than 200 is 200"`
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
	MessageID  *int64     `json:"message_id"`
	Attempts   int        `json:"attempts"`
	ReceivedAt time.Time  `json:"received_at"`
	FatedAt    *time.Time `json:"fated_at"`
}

// list handles GET /api/intake/ledger.
func (h ledgerRoutes) list(ctx context.Context, who access.Actor, in *ledgerInput) (LedgerPage, error) {
	entries, next, err := h.intake.Ledger(ctx, intake.Fate(in.Fate), who.Scope().Walled, in.Cursor, in.Limit)
	items := itemsOf(entries, func(e intake.Entry) LedgerItem {
		return LedgerItem{e.ID, string(e.Channel), string(e.Fate), e.Reason, e.TicketID, e.MessageID, e.Attempts, e.ReceivedAt, e.FatedAt}
	})
	return LedgerPage{items.Items, orNull(next)}, err
}

// Retried answers another try that worked.
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
	r, err := h.intake.Retry(ctx, id, who.Scope().Walled)
	return Retried{r.TicketID, r.Protocol}, err
}
