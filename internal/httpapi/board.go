package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
)

// boardRoutes are the deadlines of a whole desk: what is over, what falls next.
type boardRoutes struct {
	db        *gorm.DB
	calendars sla.Calendars
	now       func() time.Time
}

type boardFilter struct {
	Team    int64  `query:"team" minimum:"1"`
	Channel string `query:"channel" enum:"phone,webform,email,ombudsman"`
	Regime  int64  `query:"regime" minimum:"1"`
}

func (f boardFilter) query(who access.Actor, now time.Time) sla.BoardQuery {
	return sla.BoardQuery{Scope: who.Scope(), Team: f.Team, Channel: f.Channel, Regime: f.Regime, Now: now}
}

// Board counts deadlines: a ticket with two counts twice.
type Board struct {
	At       time.Time      `json:"at"`
	Breached int            `json:"breached" doc:"Over and not answered"`
	Hour     int            `json:"hour" doc:"Due within an hour"`
	Quarters []BoardQuarter `json:"quarters" doc:"The next four hours, from the present quarter hour on"`
	Teams    []TeamShare    `json:"teams" doc:"Those with most to do first"`
	Channels []ChannelShare `json:"channels"`
	Regimes  []RegimeShare  `json:"regimes"`
	Pace     float64        `json:"pace" doc:"Deadlines ended an hour, over the last two"`
}

// BoardQuarter is a quarter hour to come.
type BoardQuarter struct {
	From   time.Time `json:"from"`
	Due    int       `json:"due"`
	Misses int       `json:"misses" doc:"Of those due: missed, if each team goes on at its pace of the last two hours, the oldest due first"`
}

// BoardShare is what falls to a part of the desk.
type BoardShare struct {
	Breached int `json:"breached"`
	Hour     int `json:"hour"`
	Ahead    int `json:"ahead" doc:"Due in the next four hours"`
	Misses   int `json:"misses" doc:"Of those ahead, by the forecast"`
}

// TeamShare is a team's part.
type TeamShare struct {
	TeamID int64 `json:"team_id"`
	BoardShare
}

// ChannelShare is a channel's part.
type ChannelShare struct {
	Channel string `json:"channel"`
	BoardShare
}

// RegimeShare is a regime's part.
type RegimeShare struct {
	RegimeID int64  `json:"regime_id" doc:"0: of none"`
	Name     string `json:"name"`
	BoardShare
}

func shareBody[K comparable](s sla.Share[K]) BoardShare {
	return BoardShare{s.Breached, s.Hour, s.Ahead, s.Misses}
}

// board handles GET /api/board.
func (h boardRoutes) board(ctx context.Context, who access.Actor, in *boardFilter) (Board, error) {
	now := h.now()
	b, err := sla.ReadBoard(ctx, h.db, in.query(who, now))
	if err != nil {
		return Board{}, err
	}
	names, err := sla.RegimeNames(ctx, h.db)
	return Board{
		At: now, Breached: b.Breached, Hour: b.Hour, Pace: b.Pace,
		Quarters: itemsOf(b.Quarters, func(q sla.Quarter) BoardQuarter { return BoardQuarter(q) }).Items,
		Teams:    itemsOf(b.Teams, func(s sla.Share[int64]) TeamShare { return TeamShare{s.Key, shareBody(s)} }).Items,
		Channels: itemsOf(b.Channels, func(s sla.Share[string]) ChannelShare { return ChannelShare{s.Key, shareBody(s)} }).Items,
		Regimes:  itemsOf(b.Regimes, func(s sla.Share[int64]) RegimeShare { return RegimeShare{s.Key, names[s.Key], shareBody(s)} }).Items,
	}, err
}

// KeptDay is how many deadlines were met and missed on a day of the desk's zone.
type KeptDay struct {
	Day    string `json:"day" format:"date"`
	Met    int    `json:"met" doc:"Ended in time on that day"`
	Missed int    `json:"missed" doc:"Ran out on that day, whenever they were answered"`
}

// compliance handles GET /api/board/compliance.
func (h boardRoutes) compliance(ctx context.Context, who access.Actor, in *boardFilter) (Items[KeptDay], error) {
	calendar, err := h.calendars.Get(sla.CalendarBR)
	if err != nil {
		return Items[KeptDay]{}, err
	}
	days, err := sla.Compliance(ctx, h.db, in.query(who, h.now()), calendar.Zone())
	return itemsOf(days, func(k sla.DayOutcome) KeptDay { return KeptDay{k.Day.String(), k.Met, k.Missed} }), err
}
