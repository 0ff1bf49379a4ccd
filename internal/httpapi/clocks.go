package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type clockRoutes struct {
	db        *gorm.DB
	calendars sla.Calendars
	positions positions
}

// clocksOf reads the deadlines of a ticket, told in the reader's language.
func (h clockRoutes) clocksOf(ctx context.Context, ticketID int64) ([]Clock, error) {
	all, err := sla.Clocks(ctx, h.db, h.calendars, ticketID)
	lang := requestOf(ctx).lang
	return itemsOf(all, func(c sla.Clock) Clock { return clockBody(c, lang) }).Items, err
}

func clockBody(c sla.Clock, lang string) Clock {
	out := Clock{
		ID: c.ID, Kind: string(c.Kind), Policy: c.Policy, Calendar: c.Calendar, State: string(c.State),
		StartedAt: c.StartedAt, Due: c.Due, Target: c.Target, WarnAt: c.Warn[1], Stage: c.Stage,
		StoppedAt: c.StoppedAt, BreachedAt: c.BreachedAt, LegalRef: c.LegalRef,
		Pauses: itemsOf(c.Intervals, pauseBody).Items, Explanation: stepsBody(c.Explanation, lang),
		LegalLimit: orNever(c.LegalLimit), MayPause: c.Pauses, Amount: c.Term.Amount, Unit: string(c.Term.Unit),
		Regime: c.Ground.Regime, Norm: c.Ground.Norm, Evidence: c.Ground.Evidence, CheckedBy: c.Ground.CheckedBy, CheckedOn: dayText(c.Ground.CheckedOn),
		MayExtend: c.Ground.Extension > 0 && c.Extended == nil && c.State == sla.Running && c.Stage < sla.StageDue && c.Extendable(),
	}
	if x := c.Extended; x != nil {
		e := extensionBody(*x)
		out.Extension = &e
	}
	return out
}

// dayText is a date column as text; empty when there is none.
func dayText(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

func pauseBody(s sla.Standstill) Pause {
	return Pause{s.ID, s.From, orNever(s.To), s.Reason, s.AccountID}
}

func orNever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func stepsBody(steps []sla.Step, lang string) []Interval {
	return itemsOf(steps, func(s sla.Step) Interval {
		return Interval{s.From, orNever(s.To), s.Counted, string(s.Reason), stepName(s, lang), s.Amount}
	}).Items
}

// stepName is what people call the reason. A special day's name is already text.
func stepName(s sla.Step, lang string) string {
	for _, prefix := range []string{"holiday.", "sla.pause."} {
		if i18n.Has(prefix + s.Name) {
			return i18n.Text(lang, prefix+s.Name, nil)
		}
	}
	return s.Name
}

// clocks handles GET /api/tickets/{ticket}/clocks.
func (h clockRoutes) clocks(ctx context.Context, who access.Actor, in *TicketRef) (Items[Clock], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Clock]{}, err
	}
	clocks, err := h.clocksOf(ctx, t.ID)
	return Items[Clock]{clocks}, err
}

type previewInput struct {
	Body struct {
		Start    string `json:"start" maxLength:"40" example:"2026-11-20T15:04:05Z" doc:"Date and time, or a date: then its beginning in the calendar's zone"`
		Amount   int    `json:"amount" minimum:"1" maximum:"10000"`
		Unit     string `json:"unit" enum:"business,calendar,hours,minutes" doc:"Business days, calendar days, business hours, or minutes of the calendar's open time"`
		Calendar string `json:"calendar,omitempty" maxLength:"40" doc:"br, br-bank or the id of a calendar; br when left out"`
		Roll     bool   `json:"roll,omitempty" doc:"Move an end on a closed day to the next open one"`
	}
}

var previewUnits = map[string]sla.Unit{"business": sla.BusinessDays, "calendar": sla.CalendarDays, "hours": sla.BusinessHours, "minutes": sla.Minutes}

// Due answers a preview, in the calendar's own zone.
type Due struct {
	Due         time.Time  `json:"due"`
	Explanation []Interval `json:"explanation"`
}

// preview handles POST /api/sla/preview, the "test a date" box.
func (h clockRoutes) preview(ctx context.Context, _ access.Actor, in *previewInput) (Due, error) {
	b := in.Body
	if b.Calendar == "" {
		b.Calendar = "br"
	}
	calendar, err := h.calendars.Get(b.Calendar)
	if err != nil {
		return Due{}, err
	}
	zone := calendar.Zone()
	start, err := time.ParseInLocation(time.DateOnly, b.Start, zone)
	if err != nil {
		start, err = time.Parse(time.RFC3339, b.Start)
	}
	if err != nil {
		return Due{}, errInvalid.Field("body.start", "bad_time")
	}
	d, steps, err := calendar.Explain(start, sla.Term{Amount: b.Amount, Unit: previewUnits[b.Unit], Roll: b.Roll}, nil)
	for i := range steps {
		steps[i].From, steps[i].To = steps[i].From.In(zone), steps[i].To.In(zone)
	}
	return Due{d.Due.In(zone), stepsBody(steps, requestOf(ctx).lang)}, err
}

// Breaches is what the supervisor must know now.
type Breaches struct {
	Breached []Breach `json:"breached" doc:"Those that still run first, the oldest deadline first; then those answered since, the newest first"`
	Upcoming []Breach `json:"upcoming" doc:"Due within the next hour, the next first"`
	Version  string   `json:"version"`
}

// Breach is a ticket with the clock that ran out, or is about to.
type Breach struct {
	Ticket TicketRow   `json:"ticket"`
	Clock  BreachClock `json:"clock"`
}

// BreachClock is the clock of a breach.
type BreachClock struct {
	ID         int64      `json:"id"`
	Kind       string     `json:"kind" enum:"first_response,next_response,resolution,legal,acknowledgement,history,duty,commitment"`
	Policy     string     `json:"policy"`
	RegimeID   int64      `json:"regime_id" doc:"0: of none"`
	State      string     `json:"state" enum:"running,paused,met,missed,cancelled"`
	Due        time.Time  `json:"due"`
	BreachedAt *time.Time `json:"breached_at"`
}

// Bounds of the list of breaches.
const (
	breachesShown = 200
	upcomingTime  = time.Hour
)

// breaches handles GET /api/breaches.
func (h clockRoutes) breaches(ctx context.Context, who access.Actor, _ *none) (Breaches, error) {
	version := h.positions.Position().String()
	past, err := sla.Overdue(ctx, h.db, who.Scope(), breachesShown)
	if err != nil {
		return Breaches{}, err
	}
	recorded, err := sla.Breaches(ctx, h.db, sla.BreachQuery{Scope: who.Scope(), Limit: breachesShown})
	if err != nil {
		return Breaches{}, err
	}
	for _, b := range recorded {
		if b.State != sla.Running { // answered since: told after those that still wait
			past = append(past, b)
		}
	}
	coming, err := sla.Upcoming(ctx, h.db, who.Scope(), upcomingTime, breachesShown)
	if err != nil {
		return Breaches{}, err
	}
	var ids []int64
	for _, list := range [][]sla.Breach{past, coming} {
		for _, b := range list {
			ids = append(ids, b.TicketID)
		}
	}
	rows, err := ticket.Snapshots(ctx, h.db, who, ids)
	return Breaches{breachBodies(past, rows), breachBodies(coming, rows), version}, err
}

// breachBodies leaves out a ticket that moved out of sight since the list was read.
func breachBodies(list []sla.Breach, rows map[int64]ticket.Snapshot) []Breach {
	out := make([]Breach, 0, len(list))
	for _, b := range list {
		if row, seen := rows[b.TicketID]; seen {
			out = append(out, Breach{rowBody(row), BreachClock{b.ClockID, string(b.Kind), b.Policy, b.Regime, string(b.State), b.Due, b.BreachedAt}})
		}
	}
	return out
}
