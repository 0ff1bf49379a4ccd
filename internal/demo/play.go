package demo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// step is one thing of the week: a story's opening, or one of its acts.
type step struct {
	at    time.Time
	story int
	act   int // -1 for the opening
}

// together is how many steps share a transaction.
const together = 200

// play performs the week in the order of time and returns how many acts it had.
func (s *stage) play(ctx context.Context, w world, progress func(done, of int)) (acts int, err error) {
	var steps []step
	for i, story := range w.Stories {
		steps = append(steps, step{story.Opened, i, -1})
		for j, a := range story.Acts {
			steps = append(steps, step{a.At, i, j})
			acts++
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.act, b.act)) })
	tickets := make([]int64, len(w.Stories))
	for n := 0; n < len(steps); n += together {
		part := steps[n:min(n+together, len(steps))]
		err := s.db.InTx(ctx, func(tx *gorm.DB) error {
			for _, p := range part {
				story := &w.Stories[p.story]
				if p.act < 0 {
					id, err := s.open(ctx, tx, w, story)
					if err != nil {
						return fmt.Errorf("open %q: %w", story.Subject, err)
					}
					tickets[p.story] = id
				} else if err := s.act(ctx, tx, tickets[p.story], story, story.Acts[p.act]); err != nil {
					return fmt.Errorf("act %d of %q: %w", p.act, story.Subject, err)
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		if progress != nil {
			progress(n+len(part), len(steps))
		}
	}
	if err := s.ring(ctx); err != nil {
		return 0, err
	}
	return acts, s.reserve(ctx)
}

// open stores a new ticket with everything that intake stores with it.
func (s *stage) open(ctx context.Context, tx *gorm.DB, w world, story *story) (int64, error) {
	protocol := s.protocol(story.Opened)
	t := ticket.Ticket{
		Protocol: protocol, BrandID: s.brand, Channel: story.Channel, Kind: ticket.Kind(story.Kind),
		Subject: story.Subject, Preview: ticket.Preview(story.Body), Status: ticket.New, Priority: story.Priority,
		TeamID: s.teams[story.Team], Walled: story.Walled, Tags: story.Tags, Version: 1, PublicVersion: 1,
		WaitingSince: &story.Opened, OpenedAt: story.Opened, UpdatedAt: story.Opened,
	}
	author := ""
	if story.Customer >= 0 {
		p := w.People[story.Customer]
		id := s.customers[story.Customer]
		t.CustomerID, t.CustomerName, t.LegalPriority = &id, p.Name, p.LegalPriority
		author = p.Name
	}
	if story.Reason >= 0 {
		id := s.reasons[s.corpus.Reasons[story.Reason].Path]
		t.ReasonID = &id
	}
	clocks := s.policies.Plan(sla.Demand{Channel: t.Channel, Kind: string(t.Kind), Priority: t.Priority, Team: t.TeamID, Walled: t.Walled}, t.OpenedAt)
	t.Deadline = ticket.Deadline(sla.Summarize(clocks))
	if err := insertTicket(tx, &t); err != nil {
		return 0, err
	}
	contact, err := ticket.InsertContact(ctx, tx, &t, ticket.In, t.OpenedAt)
	if err != nil {
		return 0, err
	}
	m, err := ticket.InsertMessage(ctx, tx, &t, ticket.Message{ContactID: &contact, Direction: ticket.In, AuthorName: author, Body: story.Body, At: t.OpenedAt})
	if err != nil {
		return 0, err
	}
	if err := ticket.IndexSubject(ctx, tx, t); err != nil {
		return 0, err
	}
	if err := sla.Start(tx, t.ID, clocks); err != nil {
		return 0, err
	}
	if err := s.keepAccount(tx, t, m, story); err != nil {
		return 0, err
	}
	return t.ID, event.Append(tx, event.New{
		TicketID: t.ID, Version: 1, Kind: event.TicketOpened, Audience: t.Audience(),
		Payload: ticket.Payload{Row: t.Snapshot(), Data: map[string]any{"message_id": m.ID}}, At: t.OpenedAt,
	})
}

func insertTicket(tx *gorm.DB, t *ticket.Ticket) error {
	never := func(at *time.Time) any {
		if at == nil {
			return "infinity"
		}
		return *at
	}
	d := t.Deadline
	err := tx.Raw(`INSERT INTO tickets (protocol, brand_id, customer_id, customer_name, channel, kind, subject, preview, priority, legal_priority,
			team_id, walled, reason_id, tags, next_due, next_clock, next_from, next_warn, clocks, waiting_since, opened_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, string_to_array(?, '|'), ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		t.Protocol, t.BrandID, t.CustomerID, t.CustomerName, t.Channel, t.Kind, t.Subject, t.Preview, t.Priority, t.LegalPriority,
		t.TeamID, t.Walled, t.ReasonID, joined(t.Tags), never(d.Due), d.Clock, d.From, d.Warn, d.Clocks, never(t.WaitingSince), t.OpenedAt, t.UpdatedAt).
		Scan(&t.ID).Error
	if err == nil {
		err = tx.Exec("INSERT INTO protocols (protocol, ticket_id) VALUES (?, ?)", t.Protocol, t.ID).Error
	}
	if err != nil {
		return fmt.Errorf("store a ticket: %w", err)
	}
	return nil
}

// keepAccount gives what came in its place in the ledger.
func (s *stage) keepAccount(tx *gorm.DB, t ticket.Ticket, m ticket.Message, story *story) error {
	raw, err := json.Marshal(map[string]string{"subject": story.Subject, "body": story.Body})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	err = tx.Exec(`WITH kept AS (INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, walled, ticket_id, message_id, received_at, day, fated_at)
			VALUES (?, ?, ?, ?, 'ticket', ?, ?, ?, ?, ?, ?) RETURNING channel, fate, walled, day)
		INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, 1 FROM kept`,
		t.Channel, "demo:"+t.Protocol, sum[:], raw, t.Walled, t.ID, m.ID, t.OpenedAt, t.OpenedAt.In(s.zone).Format(time.DateOnly), t.OpenedAt).Error
	if err != nil {
		return fmt.Errorf("account for a ticket: %w", err)
	}
	return nil
}

// act lets one thing happen to a ticket.
func (s *stage) act(ctx context.Context, tx *gorm.DB, id int64, story *story, a act) error {
	who := s.staff[a.By]
	cause := ticket.Cause{ActorID: &who.ID, At: a.At}
	does := func(kind string, do func(*ticket.Ticket) error) error {
		cause.Kind = kind
		_, err := ticket.Change(ctx, tx, id, cause, func(t *ticket.Ticket) error {
			if err := do(t); err != nil {
				return err
			}
			summary, err := sla.Current(tx, id)
			t.Deadline = ticket.Deadline(summary)
			return err
		})
		return err
	}
	switch a.What {
	case claims:
		return does(event.TicketClaimed, func(t *ticket.Ticket) error {
			t.AssigneeID, t.Fence = &who.ID, t.Fence+1
			return t.Move(ticket.Open, a.At)
		})
	case notes:
		return does(event.TicketNoted, func(t *ticket.Ticket) error {
			_, err := ticket.InsertNote(ctx, tx, t, ticket.Note{AuthorID: who.ID, Body: a.Text, At: a.At})
			return err
		})
	case waitsForOthers:
		moved := desk.Moved{To: ticket.WaitingThird}
		cause.Data = &moved
		return does(event.TicketStatus, func(t *ticket.Ticket) error {
			moved.From = t.Status
			if err := sla.Pause(tx, id, sla.WaitingThird, &who.ID, a.At); err != nil {
				return err
			}
			return t.Move(ticket.WaitingThird, a.At)
		})
	case replies, replyThenResolves:
		return does(event.TicketReplied, func(t *ticket.Ticket) error { return s.reply(ctx, tx, t, a) })
	case writes:
		cause.ActorID = nil
		return does(event.TicketMessageIn, func(t *ticket.Ticket) error { return s.write(ctx, tx, t, a) })
	}
	return fmt.Errorf("no such act: %d", a.What)
}

func (s *stage) reply(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, a act) error {
	who, resolves := s.staff[a.By], a.What == replyThenResolves
	if err := t.Answered(resolves, a.At); err != nil {
		return err
	}
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.Out, a.At)
	if err != nil {
		return err
	}
	if _, err := ticket.InsertMessage(ctx, tx, t, ticket.Message{ContactID: &contact, Direction: ticket.Out,
		AuthorID: &who.ID, AuthorName: who.Name, Body: a.Text, Delivery: ticket.Delivered, At: a.At}); err != nil {
		return err
	}
	if err := sla.Stop(tx, t.ID, sla.FirstResponse, a.At); err != nil {
		return err
	}
	if !resolves {
		return sla.Pause(tx, t.ID, sla.WaitingCustomer, &who.ID, a.At)
	}
	for _, kind := range []sla.Kind{sla.Resolution, sla.Legal} {
		if err := sla.Stop(tx, t.ID, kind, a.At); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) write(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, a act) error {
	reopened, err := t.Spoke(a.At)
	if err != nil {
		return err
	}
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.In, a.At)
	if err != nil {
		return err
	}
	if _, err := ticket.InsertMessage(ctx, tx, t, ticket.Message{ContactID: &contact, Direction: ticket.In, AuthorName: t.CustomerName, Body: a.Text, At: a.At}); err != nil {
		return err
	}
	if reopened {
		return sla.Reopen(tx, s.policies.Calendars(), t.ID, a.At)
	}
	_, err = sla.Resume(tx, s.policies.Calendars(), t.ID, a.At)
	return err
}

// protocol gives the next number of the local day.
func (s *stage) protocol(at time.Time) string {
	day := brazil.DateOf(at, s.zone)
	key := at.In(s.zone).Format(time.DateOnly)
	s.protocols[key]++
	return string(brazil.NewProtocol(day, s.protocols[key]))
}

// reserve makes the numbers that were given count as used.
func (s *stage) reserve(ctx context.Context) error {
	for day, last := range s.protocols {
		err := s.db.Gorm.WithContext(ctx).Exec(`INSERT INTO protocol_days (day, epoch, next) SELECT CAST(? AS date), epoch, ? FROM event_head
			ON CONFLICT (day) DO UPDATE SET next = greatest(protocol_days.next, excluded.next)`, day, last+1).Error
		if err != nil {
			return fmt.Errorf("reserve the protocols of %s: %w", day, err)
		}
	}
	return nil
}

func joined(list []string) string { return strings.Join(list, "|") }
