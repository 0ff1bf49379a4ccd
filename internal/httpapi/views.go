package httpapi

import (
	"context"
	"strconv"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"
)

// positions says up to where this node has told the stream of events. What is
// read from PostgreSQL after asking is at least as new.
type positions interface {
	Position() event.Position
}

// counters are the numbers beside the views.
type counters interface {
	SavedCounts(a access.Actor) (realtime.Counts, []realtime.SavedCount, event.Position)
}

type viewRoutes struct {
	counters counters
	saved    *view.Service
}

// View is a named selection of the queue.
type View struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Filter map[string]string `json:"filter" doc:"Query parameters of GET /api/tickets"`
	Saved  *SavedView        `json:"saved" doc:"Null for a stock view"`
}

// list handles GET /api/views.
func (h viewRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[View], error) {
	lang := requestOf(ctx).lang
	all := itemsOf(ticket.Views, func(v ticket.View) View {
		return View{string(v), i18n.Text(lang, "view."+string(v), nil), map[string]string{"view": string(v)}, nil}
	})
	saved, err := h.saved.List(ctx, who)
	for _, s := range saved {
		id, body := strconv.FormatInt(s.ID, 10), savedBody(s)
		all.Items = append(all.Items, View{id, s.Name, map[string]string{"view": id, "sort": string(s.Sort)}, &body})
	}
	return all, err
}

// Counts are absolute numbers with the position they belong to.
type Counts struct {
	Counts  Numbers        `json:"counts"`
	Saved   map[string]int `json:"saved" doc:"Of the saved views in the rail, by their id"`
	Version string         `json:"version"`
}

// Numbers is how many open tickets each view of the reader holds.
type Numbers struct {
	Mine            int `json:"mine"`
	Unassigned      int `json:"unassigned"`
	Team            int `json:"team"`
	All             int `json:"all"`
	DueToday        int `json:"due_today"`
	Breached        int `json:"breached"`
	WaitingCustomer int `json:"waiting_customer"`
	Promised        int `json:"promised"`
	Reopened        int `json:"reopened"`
	Mentions        int `json:"mentions"`
	Unread          int `json:"unread"`
}

// counts handles GET /api/views/counts.
func (h viewRoutes) counts(_ context.Context, who access.Actor, _ *none) (Counts, error) {
	counts, saved, at := h.counters.SavedCounts(who)
	numbers := make(map[string]int, len(saved))
	for _, s := range saved {
		numbers[strconv.FormatInt(s.View, 10)] = s.N
	}
	return Counts{Numbers(counts), numbers, at.String()}, nil
}
