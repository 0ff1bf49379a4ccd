package httpapi

import (
	"context"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
)

// board is what these handlers need of package presence, and no more.
type board interface {
	People() []presence.Person
}

type presenceRoutes struct{ board board }

// Presence is how a colleague is here. On which tickets they are is told only to
// those who have the same ticket open, by the live stream.
type Presence struct {
	AccountID int64  `json:"account_id"`
	Name      string `json:"name"`
	State     string `json:"state" enum:"online,away,call,break"`
}

// people handles GET /api/presence.
func (h presenceRoutes) people(context.Context, access.Actor, *none) (Items[Presence], error) {
	return itemsOf(h.board.People(), func(p presence.Person) Presence {
		return Presence{p.Account, p.Name, string(p.State)}
	}), nil
}
