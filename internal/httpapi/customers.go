package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type customerRoutes struct {
	db  *postgres.DB
	now func() time.Time
}

// Customer is the person or company, with as much as the reader may see.
type Customer struct {
	ID            int64       `json:"id"`
	Name          string      `json:"name"`
	PreferredName string      `json:"preferred_name"`
	LegalPriority int         `json:"legal_priority"`
	Products      []string    `json:"products"`
	Contract      string      `json:"contract"`
	Segment       string      `json:"segment" doc:"Id of one of the segments; empty for none"`
	Since         time.Time   `json:"since"`
	Identities    []Identity  `json:"identities"`
	Recent        []TicketRow `json:"recent" doc:"At most five, only those the reader may see"`
}

// Identity is one address or document of a customer, masked.
type Identity struct {
	Kind        string `json:"kind" enum:"email,phone,cpf,cnpj,handle"`
	ValueMasked string `json:"value_masked"`
	Verified    bool   `json:"verified"`
}

// recentShown is how many of a customer's tickets stand beside them.
const recentShown = 5

// get handles GET /api/customers/{id}. Whoever sees none of a customer's
// tickets does not learn that the customer exists: they may have only tickets
// behind the wall.
func (h customerRoutes) get(ctx context.Context, who access.Actor, in *ByID) (Customer, error) {
	id, err := pathID(in.ID, customer.ErrNotFound)
	if err != nil {
		return Customer{}, err
	}
	c, err := h.body(ctx, who, id)
	if err == nil && len(c.Recent) == 0 {
		err = customer.ErrNotFound
	}
	return c, err
}

func (h customerRoutes) body(ctx context.Context, who access.Actor, id int64) (Customer, error) {
	recent, err := ticket.OfCustomer(ctx, h.db.Gorm, who, id, recentShown)
	if err != nil {
		return Customer{}, err
	}
	c, err := customer.Get(ctx, h.db, id)
	if err != nil {
		return Customer{}, err
	}
	products := c.Products
	if products == nil {
		products = []string{}
	}
	return Customer{
		ID: c.ID, Name: c.Name, PreferredName: c.PreferredName, LegalPriority: int(c.LegalPriority),
		Products: products, Contract: c.Contract, Segment: c.Segment, Since: c.Since,
		Identities: itemsOf(c.Identities, func(i customer.Identity) Identity {
			return Identity{string(i.Kind), i.Mask(), i.Verified}
		}).Items,
		Recent: itemsOf(recent, rowBody).Items,
	}, nil
}
