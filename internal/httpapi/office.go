package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
)

// seats is what these handlers need from package account, and no more.
type seats interface {
	List(ctx context.Context) ([]account.Account, error)
	Seat(ctx context.Context, by *access.Actor, id int64, rank account.Rank) (account.Account, error)
	OfficeLog(ctx context.Context) ([]account.OfficeEntry, error)
}

// officeRoutes say who belongs to the ombudsman's office, and let it decide.
type officeRoutes struct{ seats seats }

// Office is who belongs to it and how that came.
type Office struct {
	Members []OfficeMember `json:"members"`
	Log     []OfficeEntry  `json:"log"`
}

// OfficeMember is an account with a place in the office.
type OfficeMember struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Rank    string `json:"rank" enum:"ombudsman,substitute,analyst"`
	Pending bool   `json:"pending" doc:"An admin has asked for it; nobody of the office has confirmed it yet"`
}

// OfficeEntry is one line of the office's log.
type OfficeEntry struct {
	Name string    `json:"name"`
	Act  string    `json:"act" enum:"founded,asked,confirmed,ranked,left,credentials"`
	Rank string    `json:"rank"`
	By   string    `json:"by" doc:"Empty when it was no act of the office"`
	At   time.Time `json:"at"`
}

// get handles GET /api/ombudsman/office.
func (h officeRoutes) get(ctx context.Context, _ access.Actor, _ *none) (Office, error) {
	all, err := h.seats.List(ctx)
	if err != nil {
		return Office{}, err
	}
	o := Office{Members: []OfficeMember{}}
	for _, a := range all {
		if a.Role == access.Ombudsman && a.Active {
			o.Members = append(o.Members, OfficeMember{a.ID, a.Name, string(a.Office.Rank), a.Office.Pending})
		}
	}
	log, err := h.seats.OfficeLog(ctx)
	o.Log = itemsOf(log, func(e account.OfficeEntry) OfficeEntry {
		return OfficeEntry{e.Name, e.Act, string(e.Rank), e.By, e.At}
	}).Items
	return o, err
}

type seat struct {
	ByID
	Body struct {
		Rank string `json:"rank" enum:"ombudsman,substitute,analyst"`
	}
}

// seat handles POST /api/ombudsman/office/{id}.
func (h officeRoutes) seat(ctx context.Context, who access.Actor, in *seat) (Office, error) {
	id, err := pathID(in.ID, account.ErrNotOffice)
	if err != nil {
		return Office{}, err
	}
	if _, err := h.seats.Seat(ctx, &who, id, account.Rank(in.Body.Rank)); err != nil {
		return Office{}, err
	}
	return h.get(ctx, who, nil)
}
