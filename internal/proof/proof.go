// Package proof makes the papers by which a company shows that it kept its
// deadlines: the sheet of a ticket, which sets out every deadline with each day
// that was counted or skipped and why, and the certificate of a month's
// extensions. What a paper says is stored with its digest when it is made, and
// can be had again to the byte.
//
// No deadline is computed here: package sla explains them.
package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of papers.
var (
	ErrNoSheet    = fault.New(fault.NotFound, "proof_not_found")
	ErrNoDeadline = fault.New(fault.Conflict, "proof_no_deadline") // the ticket has none to prove
)

// Service makes papers and keeps them.
type Service struct {
	DB        *postgres.DB
	Post      *outbox.Post
	Calendars sla.Calendars
	Now       func() time.Time // PostgreSQL's
	Zone      *time.Location   // the desk's
	Base      string           // address of this installation, without a slash at its end
	Release   string           // of the program that makes the sheet
	Log       *slog.Logger
}

// Sheet is what a sheet says: facts, told in a language only when it is printed.
type Sheet struct {
	Protocol  string       `json:"protocol"`
	Brand     letter.Brand `json:"brand"`
	Subject   string       `json:"subject"`
	Kind      string       `json:"kind"`
	Channel   string       `json:"channel"`
	Demandant string       `json:"demandant"` // empty when nobody knows
	OpenedAt  time.Time    `json:"opened_at"`
	Zone      string       `json:"zone"`
	Only      bool         `json:"only,omitempty"` // of one deadline, though there are others
	Clocks    []Clock      `json:"clocks"`
	Answers   []Answer     `json:"answers"`
	MadeBy    string       `json:"made_by"`
	MadeAt    time.Time    `json:"made_at"`
	Release   string       `json:"release"`
	CheckAt   string       `json:"check_at"` // address under which its digest is looked up
}

// Clock is one deadline as a sheet tells it.
type Clock struct {
	ID              int64      `json:"id"`
	Kind            string     `json:"kind"`
	Policy          string     `json:"policy"`
	PolicyID        *int64     `json:"policy_id"`
	Why             string     `json:"why"`
	Regime          string     `json:"regime"`
	Norm            string     `json:"norm"`
	LegalRef        string     `json:"legal_ref"`
	Evidence        string     `json:"evidence"`
	CheckedBy       string     `json:"checked_by"`
	CheckedOn       string     `json:"checked_on"`
	Calendar        string     `json:"calendar"`
	CalendarVersion int        `json:"calendar_version"`
	Zone            string     `json:"zone"`
	Amount          int        `json:"amount"` // without the extension
	Unit            string     `json:"unit"`
	Roll            bool       `json:"roll"`
	MayPause        bool       `json:"may_pause"`
	State           string     `json:"state"`
	StartedAt       time.Time  `json:"started_at"`
	Due             time.Time  `json:"due"`
	Target          time.Time  `json:"target"`
	LegalLimit      *time.Time `json:"legal_limit"`
	StoppedAt       *time.Time `json:"stopped_at"`
	BreachedAt      *time.Time `json:"breached_at"`
	Steps           []Step     `json:"steps"`
	AddsUp          bool       `json:"adds_up"`
	Pauses          []Pause    `json:"pauses"`
	Extension       *Extension `json:"extension"`
	ByHand          *ByHand    `json:"by_hand"`
}

// Step is a stretch of time that was counted or not.
type Step struct {
	From    time.Time  `json:"from"`
	To      *time.Time `json:"to"` // nil while a pause has no end
	Counted bool       `json:"counted"`
	Reason  string     `json:"reason,omitempty"`
	Name    string     `json:"name,omitempty"`
	Amount  int64      `json:"amount,omitempty"`
}

// Pause is one in which the clock stood still. By is empty when a rule did it.
type Pause struct {
	From   time.Time  `json:"from"`
	To     *time.Time `json:"to"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
}

// Extension is more time that a term was given.
type Extension struct {
	Amount    int        `json:"amount"`
	Reason    string     `json:"reason"`
	By        string     `json:"by"`
	At        time.Time  `json:"at"`
	OldDue    time.Time  `json:"old_due"`
	NewDue    time.Time  `json:"new_due"`
	MessageID *int64     `json:"message_id"` // by which the customer was told
	ToldAt    *time.Time `json:"told_at"`
}

// ByHand is who started a clock that no rule starts.
type ByHand struct {
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	GivenDue *time.Time `json:"given_due"`
	How      string     `json:"how"` // by what it was met
}

// Answer is a message of ours and what is known of its arrival.
type Answer struct {
	ID         int64      `json:"id"`
	At         time.Time  `json:"at"`
	By         string     `json:"by"`
	Way        string     `json:"way"` // page, email, sms, letter or phone
	ShownAt    *time.Time `json:"shown_at"`
	Delivery   string     `json:"delivery"`
	Reason     string     `json:"reason"`
	Notice     bool       `json:"notice,omitempty"` // told of an extension: no answer
	Deliveries []Delivery `json:"deliveries"`
}

// Delivery is one thing that went out for a message.
type Delivery struct {
	Way       string     `json:"way"`
	Recipient string     `json:"recipient"`
	State     string     `json:"state"`
	Reason    string     `json:"reason"`
	Answer    string     `json:"answer"` // what the other server said
	At        *time.Time `json:"at"`
	MailID    string     `json:"mail_id"`
	PostedOn  string     `json:"posted_on"` // of a letter
}

// gather reads what a sheet of a ticket says; of one clock when only is not 0.
func (s *Service) gather(ctx context.Context, who access.Actor, t ticket.Ticket, only int64) (Sheet, error) {
	db := s.DB.Gorm.WithContext(ctx)
	now := s.Now().Truncate(time.Microsecond)
	page, err := s.Post.Page(ctx, db, t, now)
	if err != nil {
		return Sheet{}, err
	}
	sheet := Sheet{
		Protocol: t.Protocol, Brand: page.Brand, Subject: t.Subject, Kind: string(t.Kind), Channel: t.Channel, Demandant: t.CustomerName,
		OpenedAt: t.OpenedAt.UTC(), Zone: s.Zone.String(), Only: only != 0, Clocks: []Clock{}, MadeBy: who.Name, MadeAt: now.UTC(), Release: s.Release,
		CheckAt: s.Base + "/api/tickets/" + t.Protocol + "/clocks/proofs/",
	}
	clocks, err := sla.Clocks(ctx, s.DB.Gorm, s.Calendars, t.ID)
	if err != nil {
		return Sheet{}, err
	}
	switch {
	case only != 0:
		clocks = slices.DeleteFunc(clocks, func(c sla.Clock) bool { return c.ID != only })
		if len(clocks) == 0 {
			return Sheet{}, sla.ErrNoClock
		}
	case len(clocks) == 0:
		return Sheet{}, ErrNoDeadline
	}
	started, err := sla.StartedByHand(ctx, s.DB.Gorm, t.ID)
	if err != nil {
		return Sheet{}, err
	}
	if sheet.Answers, err = answers(db, t.ID); err != nil {
		return Sheet{}, err
	}
	names, err := names(db, clocks, started)
	if err != nil {
		return Sheet{}, err
	}
	for _, c := range clocks {
		told := clockOf(c, names)
		for _, b := range started {
			if b.ClockID == c.ID {
				told.ByHand = &ByHand{names[b.AccountID], b.Reason, utc(b.GivenDue), b.How}
			}
		}
		if x := told.Extension; x != nil && x.MessageID != nil {
			for i, a := range sheet.Answers {
				if a.ID == *x.MessageID {
					sheet.Answers[i].Notice, x.ToldAt = true, &sheet.Answers[i].At
				}
			}
		}
		sheet.Clocks = append(sheet.Clocks, told)
	}
	return sheet, nil
}

func clockOf(c sla.Clock, names map[int64]string) Clock {
	out := Clock{
		ID: c.ID, Kind: string(c.Kind), Policy: c.Policy, PolicyID: c.PolicyID, Why: c.Why, Regime: c.Ground.Regime, Norm: c.Ground.Norm,
		LegalRef: c.LegalRef, Evidence: c.Ground.Evidence, CheckedBy: c.Ground.CheckedBy, Calendar: c.Calendar, CalendarVersion: c.CalendarVersion,
		Zone: c.Zone.String(), Amount: c.Term.Amount - c.Extension, Unit: string(c.Term.Unit), Roll: c.Term.Roll, MayPause: c.Pauses,
		State: string(c.State), StartedAt: c.StartedAt.UTC(), Due: c.Due.UTC(), Target: c.Target.UTC(), LegalLimit: instant(c.LegalLimit),
		StoppedAt: utc(c.StoppedAt), BreachedAt: utc(c.BreachedAt), Steps: runs(c.Explanation), AddsUp: c.AddsUp, Pauses: []Pause{},
	}
	if on := c.Ground.CheckedOn; on != nil {
		out.CheckedOn = on.Format(time.DateOnly)
	}
	for _, p := range c.Intervals {
		told := Pause{From: p.From.UTC(), To: instant(p.To), Reason: p.Reason}
		if p.AccountID != nil {
			told.By = names[*p.AccountID]
		}
		out.Pauses = append(out.Pauses, told)
	}
	if x := c.Extended; x != nil {
		out.Extension = &Extension{Amount: x.Amount, Reason: x.Reason, By: x.Author, At: x.At.UTC(), OldDue: x.OldDue.UTC(), NewDue: x.NewDue.UTC(), MessageID: x.MessageID}
	}
	return out
}

// runs joins steps of one sort that follow each other: a year of days is read as
// weeks and weekends.
func runs(steps []sla.Step) []Step {
	out := []Step{}
	for _, s := range steps {
		step := Step{s.From.UTC(), instant(s.To), s.Counted, string(s.Reason), s.Name, s.Amount}
		if n := len(out) - 1; n >= 0 && out[n].To != nil && out[n].Counted == step.Counted && out[n].Reason == step.Reason && out[n].Name == step.Name {
			out[n].To, out[n].Amount = step.To, out[n].Amount+step.Amount
			continue
		}
		out = append(out, step)
	}
	return out
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return instant(*t)
}

// names are those of whoever paused or started clocks.
func names(db *gorm.DB, clocks []sla.Clock, started []sla.Started) (map[int64]string, error) {
	ids := []int64{0}
	for _, c := range clocks {
		for _, p := range c.Intervals {
			if p.AccountID != nil {
				ids = append(ids, *p.AccountID)
			}
		}
	}
	for _, s := range started {
		ids = append(ids, s.AccountID)
	}
	var rows []struct {
		ID   int64
		Name string
	}
	if err := db.Raw("SELECT id, name FROM accounts WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read who acted on deadlines: %w", err)
	}
	by := map[int64]string{}
	for _, r := range rows {
		by[r.ID] = r.Name
	}
	return by, nil
}

// answers reads what we said to the customer and what became of it. What a
// machine sent, and what its author took back, is none.
func answers(db *gorm.DB, ticketID int64) ([]Answer, error) {
	var rows []struct {
		ID             int64
		At             time.Time
		AuthorName     string
		Envelope       string
		Delivery       string
		DeliveryReason string
		HeldUntil      *time.Time
	}
	err := db.Raw(`SELECT id, at, author_name, envelope::text AS envelope, delivery, delivery_reason, held_until FROM messages
		WHERE ticket_id = ? AND direction = 'out' AND NOT automatic AND delivery <> 'undone' ORDER BY id`, ticketID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the answers of ticket %d: %w", ticketID, err)
	}
	var sent []struct {
		MessageID int64
		Way       string
		Recipient string
		State     string
		Reason    string
		Detail    string
		SettledAt *time.Time
		MailID    *string
		PostedOn  *time.Time
	}
	err = db.Raw(`SELECT o.message_id, o.way, o.recipient, o.state, o.reason, o.detail, o.settled_at, o.mail_id, b.posted_on
		FROM outbox o LEFT JOIN letter_batches b ON b.id = o.batch_id
		WHERE o.message_id IN (SELECT id FROM messages WHERE ticket_id = ? AND direction = 'out') ORDER BY o.id`, ticketID).Scan(&sent).Error
	if err != nil {
		return nil, fmt.Errorf("read how the answers of ticket %d went out: %w", ticketID, err)
	}
	all := make([]Answer, len(rows))
	for i, r := range rows {
		var how struct {
			Channel string `json:"channel"`
			Spoken  bool   `json:"spoken"`
		}
		_ = json.Unmarshal([]byte(r.Envelope), &how) // of an envelope that says nothing, nothing is known
		a := Answer{ID: r.ID, At: r.At.UTC(), By: r.AuthorName, Way: "page", Delivery: r.Delivery, Reason: r.DeliveryReason, Deliveries: []Delivery{}}
		for _, o := range sent {
			if o.MessageID != r.ID {
				continue
			}
			d := Delivery{Way: o.Way, Recipient: o.Recipient, State: o.State, Reason: o.Reason, Answer: o.Detail, At: utc(o.SettledAt)}
			if o.MailID != nil {
				d.MailID = *o.MailID
			}
			if o.PostedOn != nil {
				d.PostedOn = o.PostedOn.Format(time.DateOnly)
			}
			a.Deliveries = append(a.Deliveries, d)
			a.Way = o.Way
		}
		switch {
		case how.Spoken:
			a.Way = "phone"
		case how.Channel == "letter" || how.Channel == "sms":
			a.Way = how.Channel
		default:
			a.ShownAt = utc(&r.At)
			if r.HeldUntil != nil {
				a.ShownAt = utc(r.HeldUntil)
			}
		}
		all[i] = a
	}
	return all, nil
}
