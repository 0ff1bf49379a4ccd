package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// clockActs is what these handlers need from package desk, and no more.
type clockActs interface {
	PauseClock(ctx context.Context, actor access.Actor, id, clockID int64, reason string) (ticket.Ticket, error)
	ResumeClock(ctx context.Context, actor access.Actor, id, clockID int64) (ticket.Ticket, error)
	CorrectPause(ctx context.Context, actor access.Actor, id, clockID int64, c sla.Correction, reason string) (ticket.Ticket, error)
	CancelClock(ctx context.Context, actor access.Actor, id, clockID int64, reason string) (ticket.Ticket, error)
	Extend(ctx context.Context, actor access.Actor, id, clockID int64, x desk.Extension) (ticket.Message, ticket.Ticket, error)
}

// termRoutes are the acts on single deadlines. Each answers with all deadlines of
// the ticket, as they are after it.
type termRoutes struct {
	clockRoutes
	desk clockActs
	now  func() time.Time
}

// ClockRef is one deadline of one ticket.
type ClockRef struct {
	TicketRef
	Clock string `path:"clock"`
}

// on sees the ticket, acts on its clock and reads what there is then.
func (h termRoutes) on(ctx context.Context, who access.Actor, ref ClockRef, act func(id, clock int64) error) (Items[Clock], error) {
	t, err := ticket.See(ctx, h.db, who, ref.Ticket)
	if err != nil {
		return Items[Clock]{}, err
	}
	clock, err := pathID(ref.Clock, sla.ErrNoClock)
	if err == nil {
		err = act(t.ID, clock)
	}
	if err != nil {
		return Items[Clock]{}, err
	}
	clocks, err := h.clocksOf(ctx, t.ID)
	return Items[Clock]{clocks}, err
}

type reasonedClock struct {
	ClockRef
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// pause handles POST /api/tickets/{ticket}/clocks/{clock}/pause.
func (h termRoutes) pause(ctx context.Context, who access.Actor, in *reasonedClock) (Items[Clock], error) {
	return h.on(ctx, who, in.ClockRef, func(id, clock int64) error {
		_, err := h.desk.PauseClock(ctx, who, id, clock, in.Body.Reason)
		return err
	})
}

// resume handles POST /api/tickets/{ticket}/clocks/{clock}/resume.
func (h termRoutes) resume(ctx context.Context, who access.Actor, in *ClockRef) (Items[Clock], error) {
	return h.on(ctx, who, *in, func(id, clock int64) error {
		_, err := h.desk.ResumeClock(ctx, who, id, clock)
		return err
	})
}

type correctPause struct {
	ClockRef
	Pause string `path:"pause"`
	Body  struct {
		To     *time.Time `json:"to,omitempty" doc:"When it really ended; left out, it is taken back altogether"`
		Reason string     `json:"reason" minLength:"1" maxLength:"500"`
		Breach bool       `json:"breach,omitempty" doc:"Accept that the deadline has run out by it"`
	}
}

// correct handles PATCH /api/tickets/{ticket}/clocks/{clock}/pauses/{pause}.
func (h termRoutes) correct(ctx context.Context, who access.Actor, in *correctPause) (Items[Clock], error) {
	return h.on(ctx, who, in.ClockRef, func(id, clock int64) error {
		pause, err := pathID(in.Pause, sla.ErrNoPause)
		if err == nil {
			_, err = h.desk.CorrectPause(ctx, who, id, clock, sla.Correction{PauseID: pause, To: in.Body.To, Breaks: in.Body.Breach}, in.Body.Reason)
		}
		return err
	})
}

// cancel handles POST /api/tickets/{ticket}/clocks/{clock}/cancel.
func (h termRoutes) cancel(ctx context.Context, who access.Actor, in *reasonedClock) (Items[Clock], error) {
	return h.on(ctx, who, in.ClockRef, func(id, clock int64) error {
		_, err := h.desk.CancelClock(ctx, who, id, clock, in.Body.Reason)
		return err
	})
}

type extendClock struct {
	ClockRef
	Body struct {
		Reason      string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, for whoever checks the month"`
		Message     string `json:"message" minLength:"1" maxLength:"50000" doc:"What the customer is told, publicly and at once"`
		SeenVersion *int   `json:"seen_version,omitempty" minimum:"1"`
		Fence       *int64 `json:"fence,omitempty" minimum:"1"`
	}
}

// extend handles POST /api/tickets/{ticket}/clocks/{clock}/extension.
func (h termRoutes) extend(ctx context.Context, who access.Actor, in *extendClock) (Items[Clock], error) {
	return h.on(ctx, who, in.ClockRef, func(id, clock int64) error {
		b := in.Body
		_, _, err := h.desk.Extend(ctx, who, id, clock, desk.Extension{Reason: b.Reason, Message: b.Message, SeenVersion: b.SeenVersion, Fence: b.Fence})
		return err
	})
}

// Quota is how far a month's extensions have come.
type Quota struct {
	Demands    int  `json:"demands" doc:"Registered in the month so far"`
	Extensions int  `json:"extensions"`
	Cap        *int `json:"cap" doc:"Per cent of the demands; null without one"`
	Most       int  `json:"most" doc:"Extensions that the month may have so far, rounded down"`
}

func quotaBody(q sla.Quota) Quota { return Quota{q.Demands, q.Extensions, q.Cap, q.Most()} }

// ExtensionOutlook is what an extension would do.
type ExtensionOutlook struct {
	Due    time.Time `json:"due"`
	NewDue time.Time `json:"new_due"`
	Amount int       `json:"amount"`
	Unit   string    `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	Quota  Quota     `json:"quota"`
	Room   bool      `json:"room" doc:"Whether the cap leaves room for it"`
}

// foresee handles GET /api/tickets/{ticket}/clocks/{clock}/extension.
func (h termRoutes) foresee(ctx context.Context, who access.Actor, in *ClockRef) (ExtensionOutlook, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return ExtensionOutlook{}, err
	}
	clock, err := pathID(in.Clock, sla.ErrNoClock)
	if err == nil && who.Role == access.Ombudsman && !t.Walled {
		err = desk.ErrOfficeExtends
	}
	if err != nil {
		return ExtensionOutlook{}, err
	}
	o, err := sla.ForeseeExtension(ctx, h.db, h.calendars, t.ID, clock, t.Walled, who.Scope(), h.now())
	return ExtensionOutlook{o.Due, o.NewDue, o.Amount, string(o.Unit), quotaBody(o.Quota), o.Room}, err
}

func extensionBody(x sla.Extended) Extension {
	return Extension{x.TicketID, x.Protocol, x.Amount, x.Reason, x.AccountID, x.Author, x.MessageID, x.OldDue, x.NewDue, x.At}
}

type monthInput struct {
	ByID
	Month string `query:"month" required:"true" maxLength:"7" example:"2026-11"`
}

// Certificate is what a month's extensions of a regime were.
type Certificate struct {
	Regime     string      `json:"regime"`
	Norm       string      `json:"norm"`
	Evidence   string      `json:"evidence"`
	CheckedBy  string      `json:"checked_by"`
	CheckedOn  string      `json:"checked_on"`
	Month      string      `json:"month"`
	Ended      bool        `json:"ended" doc:"Whether the month is over"`
	Quota      Quota       `json:"quota"`
	Share      float64     `json:"share" doc:"Extensions per hundred demands"`
	Cancelled  int         `json:"cancelled" doc:"Of the demands, those whose deadline was taken back later"`
	Extensions []Extension `json:"extensions" doc:"Those that the asker may see"`
}

// certificate handles GET /api/regimes/{id}/extensions.
func (h termRoutes) certificate(ctx context.Context, who access.Actor, in *monthInput) (Certificate, error) {
	id, err := pathID(in.ID, sla.ErrNoRegime)
	if err != nil {
		return Certificate{}, err
	}
	c, err := sla.CertificateOf(ctx, h.db, h.calendars, who, id, in.Month, h.now())
	if err != nil {
		return Certificate{}, err
	}
	return Certificate{c.Regime, c.Norm, c.Evidence, c.CheckedBy, dayText(c.CheckedOn), c.Month, c.Ended, quotaBody(c.Quota), c.Share(), c.Cancelled,
		itemsOf(c.Extensions, extensionBody).Items}, nil
}
