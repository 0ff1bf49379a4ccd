package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/antivirus"
	"github.com/escuta-sac/escuta/internal/survey"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// PublicTicket is what a customer sees of their ticket: who has it, by when it
// is answered, what comes next and what they can do.
type PublicTicket struct {
	Protocol  string          `json:"protocol"`
	Subject   string          `json:"subject"`
	Kind      string          `json:"kind"`
	Status    string          `json:"status" enum:"new,open,waiting_customer,waiting_third,resolved,closed"`
	OpenedAt  time.Time       `json:"opened_at"`
	AnswerBy  *time.Time      `json:"answer_by"`
	HandledBy HandledBy       `json:"handled_by"`
	Can       []string        `json:"can" doc:"Of reply, reopen, rate"`
	Next      string          `json:"next" enum:"queued,working,your_turn,third,resolved,closed" doc:"What happens next"`
	Messages  []PublicMessage `json:"messages"`
	Incident  *PublicIncident `json:"incident" doc:"A problem of ours that this ticket is part of; null when there is none to tell of"`
	Duties    []PublicDuty    `json:"duties"`
}

// PublicDuty is what a demand obliges us to at once, as the customer sees it.
type PublicDuty struct {
	Duty        string     `json:"duty" enum:"cancellation,undue_charge"`
	EffectiveAt time.Time  `json:"effective_at" doc:"Since when it counts: the request"`
	ConfirmedAt *time.Time `json:"confirmed_at" doc:"When it was recorded as carried out"`
}

// HandledBy says who has the matter.
type HandledBy struct {
	Team  string `json:"team"`
	Brand string `json:"brand"`
}

// PublicMessage is one message as the customer sees it.
type PublicMessage struct {
	ID    int64        `json:"id"`
	From  string       `json:"from" enum:"you,us"`
	Name  string       `json:"name"`
	Body  string       `json:"body"`
	At    time.Time    `json:"at"`
	Files []PublicFile `json:"files"`

	Spoken bool `json:"spoken" doc:"We said it on the phone"`
}

// PublicFile is a file of a message as the customer sees it.
type PublicFile struct {
	File
	Scan string `json:"scan,omitempty" enum:"waiting,clean,infected" doc:"What the virus scanner said; left out without one"`
}

var nextSteps = map[ticket.Status]string{
	ticket.New: "queued", ticket.Open: "working", ticket.WaitingCustomer: "your_turn",
	ticket.WaitingThird: "third", ticket.Resolved: "resolved", ticket.Closed: "closed",
}

func (h publicRoutes) publicTicket(ctx context.Context, t ticket.Ticket) (PublicTicket, error) {
	messages, err := ticket.ShownMessages(ctx, h.db, t.ID)
	if err != nil {
		return PublicTicket{}, err
	}
	if t.Status, err = ticket.ShownStatus(ctx, h.db, t); err != nil {
		return PublicTicket{}, err
	}
	by, err := h.handledBy(ctx, t)
	if err != nil {
		return PublicTicket{}, err
	}
	can, err := h.can(ctx, t)
	if err != nil {
		return PublicTicket{}, err
	}
	duties, err := ticket.Duties(ctx, h.db, t.ID)
	if err != nil {
		return PublicTicket{}, err
	}
	scans, err := h.scans(ctx, messages)
	if err != nil {
		return PublicTicket{}, err
	}
	row := t.Snapshot()
	return PublicTicket{
		Protocol: t.Protocol, Subject: t.Subject, Kind: string(t.Kind), Status: string(t.Status), OpenedAt: row.OpenedAt,
		AnswerBy: row.NextDue, HandledBy: by, Can: can, Next: nextSteps[t.Status],
		Incident: h.knownOf(t.IncidentID),
		Messages: itemsOf(messages, publicMessage(scans)).Items,
		Duties:   itemsOf(duties, func(o ticket.Obligation) PublicDuty { return PublicDuty{string(o.Duty), o.EffectiveAt, o.ConfirmedAt} }).Items,
	}, nil
}

// scans are the verdicts on the messages' files.
func (h publicRoutes) scans(ctx context.Context, messages []ticket.Message) (map[string]antivirus.Verdict, error) {
	var blobs []string
	for _, m := range messages {
		for _, f := range m.Files {
			blobs = append(blobs, f.Blob)
		}
	}
	return h.services.Scan.Known(ctx, blobs)
}

// publicMessage leaves out who wrote it but for the name they answer by.
func publicMessage(scans map[string]antivirus.Verdict) func(ticket.Message) PublicMessage {
	file := func(f ticket.File) PublicFile {
		return PublicFile{fileBody(f), string(scans[f.Blob])}
	}
	return func(m ticket.Message) PublicMessage {
		from := "us"
		if m.Direction == ticket.In {
			from = "you"
		}
		return PublicMessage{m.ID, from, m.AuthorName, m.Body, m.At, itemsOf(m.Files, file).Items, m.Spoken()}
	}
}

func (h publicRoutes) handledBy(ctx context.Context, t ticket.Ticket) (HandledBy, error) {
	var by HandledBy
	err := h.db.WithContext(ctx).Raw(`SELECT t.name AS team, b.name AS brand FROM teams t, brands b WHERE t.id = ? AND b.id = ?`,
		t.TeamID, t.BrandID).Scan(&by).Error
	if err != nil {
		return by, fmt.Errorf("read who has ticket %d: %w", t.ID, err)
	}
	return by, nil
}

func (h publicRoutes) can(ctx context.Context, t ticket.Ticket) ([]string, error) {
	can := []string{"reply"}
	if t.Status.IsOpen() {
		return can, nil
	}
	if t.Status == ticket.Resolved {
		can = append(can, "reopen")
	}
	rated, err := survey.Rated(ctx, h.db, t.ID)
	if err == nil && !rated {
		can = append(can, "rate")
	}
	return can, err
}
