package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
)

// board is what these handlers need of package presence, and no more.
type board interface {
	People() []presence.Person
}

// standings is what keeps people from work.
type standings interface {
	Of(ctx context.Context, account int64) (p presence.Person, here bool, err error)
	Pause(ctx context.Context, account int64, reason presence.Reason, planned time.Duration) error
	Resume(ctx context.Context, account int64) error
}

type presenceRoutes struct {
	board     board
	standings standings
}

// Presence is how a colleague is here. On which tickets they are is told only to
// those who see the ticket, by the live stream.
type Presence struct {
	AccountID int64      `json:"account_id"`
	Name      string     `json:"name"`
	State     string     `json:"state" enum:"online,away,call,after_call,break"`
	Until     *time.Time `json:"until" doc:"When they mean to be back from a break"`
}

// people handles GET /api/presence.
func (h presenceRoutes) people(context.Context, access.Actor, *none) (Items[Presence], error) {
	return itemsOf(h.board.People(), func(p presence.Person) Presence {
		return Presence{p.Account, p.Name, string(p.State), p.Standing.Until}
	}), nil
}

// MyState is how the asker is here, as the others and the routing of tickets see it.
type MyState struct {
	State  string     `json:"state" enum:"offline,online,away,call,after_call,break" doc:"What counts: what keeps them from work, or else what their windows say"`
	Reason string     `json:"reason" enum:",rest,meal,personal,training,meeting,other" doc:"Of a break"`
	Since  *time.Time `json:"since" doc:"When the call or the break began; null when nothing keeps them from work"`
	Until  *time.Time `json:"until" doc:"When they mean to be back from a break"`
}

func myState(p presence.Person, here bool) MyState {
	m := MyState{State: string(p.State), Reason: string(p.Standing.Reason), Until: p.Standing.Until}
	if p.Standing.State != "" {
		m.State, m.Since = string(p.Standing.State), &p.Standing.Since
	} else if !here {
		m.State = "offline"
	}
	return m
}

// mine handles GET /api/me/state.
func (h presenceRoutes) mine(ctx context.Context, who access.Actor, _ *none) (MyState, error) {
	p, here, err := h.standings.Of(ctx, who.AccountID)
	return myState(p, here), err
}

type changeState struct {
	Body struct {
		State   string `json:"state" enum:"available,break"`
		Reason  string `json:"reason,omitempty" enum:",rest,meal,personal,training,meeting,other" doc:"Of a break. personal is told to nobody else"`
		Minutes int    `json:"minutes,omitempty" minimum:"0" maximum:"480" doc:"How long the break is meant to be; 0 leaves it open"`
	}
}

// change handles PUT /api/me/state.
func (h presenceRoutes) change(ctx context.Context, who access.Actor, in *changeState) (MyState, error) {
	var err error
	if in.Body.State == "break" {
		err = h.standings.Pause(ctx, who.AccountID, presence.Reason(in.Body.Reason), time.Duration(in.Body.Minutes)*time.Minute)
	} else {
		err = h.standings.Resume(ctx, who.AccountID)
	}
	if err != nil {
		return MyState{}, err
	}
	return h.mine(ctx, who, nil)
}
