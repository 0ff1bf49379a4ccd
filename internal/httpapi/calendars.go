package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sla"
)

// calendarKeeper is what these handlers need of package calendar, and no more.
type calendarKeeper interface {
	List(ctx context.Context) ([]calendar.Calendar, error)
	Get(ctx context.Context, id string) (calendar.Calendar, error)
	Add(ctx context.Context, actor access.Actor, k sla.Kept) (calendar.Calendar, error)
	Change(ctx context.Context, actor access.Actor, k sla.Kept) (calendar.Calendar, error)
	Remove(ctx context.Context, actor access.Actor, id string) error
	Effect(ctx context.Context, actor access.Actor, k sla.Kept) (calendar.Effect, error)
	Bring(ctx context.Context, actor access.Actor, id string, file []byte, name string, really bool, version int) (calendar.Brought, error)
	Year(id string, year int) ([]sla.Unusual, *sla.Calendar, error)
}

type calendarRoutes struct{ calendars calendarKeeper }

// OpenHours are hours of one day.
type OpenHours struct {
	From int `json:"from" minimum:"0" maximum:"1439" doc:"Minutes since midnight, by the clock on the wall"`
	To   int `json:"to" minimum:"1" maximum:"2880" doc:"Not part of it; past 1440 on the next day"`
}

// SpecialDay replaces what weekday and holidays say about one date.
type SpecialDay struct {
	Day    string      `json:"day" maxLength:"10" example:"2026-12-24"`
	Hours  []OpenHours `json:"hours" maxItems:"12" doc:"Empty: closed"`
	Reason string      `json:"reason" minLength:"1" maxLength:"120"`
	Source string      `json:"source,omitempty" maxLength:"200" doc:"The file that it was imported from"`
}

// CalendarGiven is a calendar as people fill it in.
type CalendarGiven struct {
	Name     string        `json:"name" minLength:"1" maxLength:"80"`
	Zone     string        `json:"zone" maxLength:"60" example:"America/Sao_Paulo"`
	Week     [][]OpenHours `json:"week" minItems:"7" maxItems:"7" doc:"By weekday, from Sunday; hours of a day in order, without overlap"`
	Holidays string        `json:"holidays" enum:",national,bank" doc:"Which list of holidays is kept; empty for none"`
	State    string        `json:"state" maxLength:"2" doc:"Whose holidays are kept, too; empty for none"`
	Optional bool          `json:"optional" doc:"Whether the federal pontos facultativos are kept, half-days as such"`
	Days     []SpecialDay  `json:"days" maxItems:"2000"`
}

// Calendar says when deadlines are counted.
type Calendar struct {
	ID string `json:"id"`
	CalendarGiven
	BuiltIn   bool         `json:"built_in" doc:"Every installation has it, and nobody can change it"`
	Version   int          `json:"version" doc:"0 of a built-in one"`
	UpdatedAt *time.Time   `json:"updated_at"`
	UpdatedBy *int64       `json:"updated_by"`
	UsedBy    []string     `json:"used_by" doc:"Rules and areas that count by it"`
	Run       *CalendarRun `json:"run" doc:"How far running deadlines were computed anew after the last change"`
}

// CalendarRun is how far it has come.
type CalendarRun struct {
	Done       float64    `json:"done" minimum:"0" maximum:"1"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

func calendarBody(lang string, c calendar.Calendar) Calendar {
	out := Calendar{ID: c.ID, BuiltIn: c.BuiltIn != nil, UsedBy: itemsOf(c.UsedBy, func(name string) string { return name }).Items}
	if h := c.BuiltIn; h != nil {
		out.CalendarGiven = CalendarGiven{Name: builtInName(lang, c.ID, h.State), Zone: h.Zone.String(), Week: weekBody(h.Week),
			Holidays: string(h.Holidays), State: string(h.State), Optional: h.Optional, Days: []SpecialDay{}}
	} else {
		k := c.Kept
		out.CalendarGiven = CalendarGiven{Name: k.Name, Zone: k.Zone, Week: weekBody(k.Week), Holidays: string(k.Holidays), State: string(k.State),
			Optional: k.Optional, Days: itemsOf(k.Days, specialDayBody).Items}
		out.Version, out.UpdatedAt, out.UpdatedBy = k.Version, &k.UpdatedAt, k.UpdatedBy
	}
	if r := c.Run; r != nil {
		out.Run = &CalendarRun{r.Done, r.CreatedAt, r.FinishedAt}
	}
	return out
}

// builtInName is what people call a built-in calendar.
func builtInName(lang, id string, uf brazil.UF) string {
	if uf != "" {
		return i18n.Text(lang, "calendar.state", map[string]any{"state": i18n.Text(lang, "uf."+string(uf), nil)})
	}
	return i18n.Text(lang, "calendar.built_in."+id, nil)
}

func weekBody(week [7][]sla.Interval) [][]OpenHours {
	out := make([][]OpenHours, len(week))
	for i, hours := range week {
		out[i] = hoursBody(hours)
	}
	return out
}

func hoursBody(hours []sla.Interval) []OpenHours {
	return itemsOf(hours, func(v sla.Interval) OpenHours { return OpenHours{v.From, v.To} }).Items
}

func specialDayBody(d sla.KeptDay) SpecialDay {
	return SpecialDay{d.Day.String(), hoursBody(d.Hours), d.Reason, d.Source}
}

// kept reads what people filled in; a date that does not exist is named.
func (g CalendarGiven) kept(id string, version int) (sla.Kept, error) {
	k := sla.Kept{ID: id, Name: g.Name, Zone: g.Zone, Holidays: sla.HolidaySet(g.Holidays), State: brazil.UF(g.State), Optional: g.Optional, Version: version}
	for i, hours := range g.Week {
		k.Week[i] = intervalsOf(hours)
	}
	bad := errInvalid
	for i, d := range g.Days {
		day, err := brazil.ParseDate(d.Day)
		if err != nil && len(bad.Details) < maxDetails {
			bad = bad.Field(fmt.Sprintf("body.days[%d]", i), "bad_date")
		}
		k.Days = append(k.Days, sla.KeptDay{Day: day, Hours: intervalsOf(d.Hours), Reason: d.Reason, Source: d.Source})
	}
	if len(bad.Details) > 0 {
		return k, bad
	}
	return k, nil
}

func intervalsOf(hours []OpenHours) (list []sla.Interval) {
	for _, v := range hours {
		list = append(list, sla.Interval{From: v.From, To: v.To})
	}
	return list
}

// list handles GET /api/calendars.
func (h calendarRoutes) list(ctx context.Context, _ access.Actor, _ *none) (Items[Calendar], error) {
	all, err := h.calendars.List(ctx)
	lang := requestOf(ctx).lang
	return itemsOf(all, func(c calendar.Calendar) Calendar { return calendarBody(lang, c) }), err
}

// get handles GET /api/calendars/{id}.
func (h calendarRoutes) get(ctx context.Context, _ access.Actor, in *ByID) (Calendar, error) {
	c, err := h.calendars.Get(ctx, in.ID)
	if err != nil {
		return Calendar{}, err
	}
	return calendarBody(requestOf(ctx).lang, c), nil
}

type newCalendar struct {
	Body struct {
		ID string `json:"id,omitempty" maxLength:"40" doc:"Small letters, digits and hyphens; made of the name when left out. Never changes"`
		CalendarGiven
	}
}

// create handles POST /api/calendars.
func (h calendarRoutes) create(ctx context.Context, who access.Actor, in *newCalendar) (Calendar, error) {
	k, err := in.Body.kept(in.Body.ID, 0)
	if err != nil {
		return Calendar{}, err
	}
	c, err := h.calendars.Add(ctx, who, k)
	if err != nil {
		return Calendar{}, err
	}
	return calendarBody(requestOf(ctx).lang, c), nil
}

type putCalendar struct {
	ByID
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The one that was read"`
		CalendarGiven
	}
}

// change handles PUT /api/calendars/{id}.
func (h calendarRoutes) change(ctx context.Context, who access.Actor, in *putCalendar) (Calendar, error) {
	k, err := in.Body.kept(in.ID, in.Body.Version)
	if err != nil {
		return Calendar{}, err
	}
	c, err := h.calendars.Change(ctx, who, k)
	if err != nil {
		return Calendar{}, err
	}
	return calendarBody(requestOf(ctx).lang, c), nil
}

// remove handles DELETE /api/calendars/{id}.
func (h calendarRoutes) remove(ctx context.Context, who access.Actor, in *ByID) error {
	return h.calendars.Remove(ctx, who, in.ID)
}

// CalendarEffect is what a changed calendar would do.
type CalendarEffect struct {
	Running int             `json:"running" doc:"Deadlines that run by it, of tickets that the asker may see"`
	More    bool            `json:"more" doc:"There are more than were looked at"`
	Moved   int             `json:"moved"`
	Earlier int             `json:"earlier" doc:"Of those moved"`
	First   []MovedDeadline `json:"first" doc:"The first few, the next due first"`
}

// MovedDeadline is one that would move.
type MovedDeadline struct {
	Ticket TicketRow `json:"ticket"`
	Clock  string    `json:"clock" enum:"first_response,next_response,resolution,legal,acknowledgement,history,duty,commitment"`
	Policy string    `json:"policy"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

type effectOfCalendar struct {
	ByID
	Body CalendarGiven
}

// effect handles POST /api/calendars/{id}/effect.
func (h calendarRoutes) effect(ctx context.Context, who access.Actor, in *effectOfCalendar) (CalendarEffect, error) {
	k, err := in.Body.kept(in.ID, 0)
	if err != nil {
		return CalendarEffect{}, err
	}
	e, err := h.calendars.Effect(ctx, who, k)
	return CalendarEffect{e.Running, e.More, e.Moved, e.Earlier, itemsOf(e.First, func(x calendar.Example) MovedDeadline {
		return MovedDeadline{rowBody(x.Ticket), string(x.Kind), x.Policy, x.From, x.To}
	}).Items}, err
}

// CalendarYear is a year at a glance.
type CalendarYear struct {
	Year int          `json:"year"`
	Week []bool       `json:"week" doc:"By weekday, from Sunday: whether an ordinary one has open hours"`
	Days []UnusualDay `json:"days"`
}

// UnusualDay is one that is not like its weekday.
type UnusualDay struct {
	Day    string      `json:"day"`
	Origin string      `json:"origin" enum:"special,national,bank,state,optional"`
	Name   string      `json:"name" doc:"In the reader's language"`
	Hours  []OpenHours `json:"hours" doc:"That are left; empty when it is closed"`
	Rest   bool        `json:"rest" doc:"An ordinary one of its weekday is closed anyway"`
}

type yearOfCalendar struct {
	ByID
	Year string `path:"year" maxLength:"10"`
}

// year handles GET /api/calendars/{id}/year/{year}.
func (h calendarRoutes) year(ctx context.Context, _ access.Actor, in *yearOfCalendar) (CalendarYear, error) {
	year, err := strconv.Atoi(in.Year)
	if err != nil || year < 1900 || year > 2200 {
		return CalendarYear{}, errInvalid.Field("path.year", "bad_date")
	}
	days, c, err := h.calendars.Year(in.ID, year)
	if err != nil {
		return CalendarYear{}, err
	}
	return yearBody(requestOf(ctx).lang, year, c.Hours(), days), nil
}

type draftYear struct {
	Body struct {
		Year int `json:"year" minimum:"1900" maximum:"2200"`
		CalendarGiven
	}
}

// draftYear handles POST /api/calendars/year.
func (h calendarRoutes) draftYear(ctx context.Context, _ access.Actor, in *draftYear) (CalendarYear, error) {
	k, err := in.Body.kept("draft", 0)
	if err != nil {
		return CalendarYear{}, err
	}
	_, c, err := k.Checked()
	if err != nil {
		return CalendarYear{}, err
	}
	return yearBody(requestOf(ctx).lang, in.Body.Year, c.Hours(), c.Year(in.Body.Year)), nil
}

func yearBody(lang string, year int, hours sla.Hours, days []sla.Unusual) CalendarYear {
	out := CalendarYear{Year: year}
	for _, hours := range hours.Week {
		out.Week = append(out.Week, len(hours) > 0)
	}
	out.Days = itemsOf(days, func(u sla.Unusual) UnusualDay {
		name := u.Name
		if u.Origin != sla.OfSpecial {
			name = i18n.Text(lang, "holiday."+name, nil)
		}
		return UnusualDay{u.Day.String(), string(u.Origin), name, hoursBody(u.Hours), u.Rest}
	}).Items
	return out
}
