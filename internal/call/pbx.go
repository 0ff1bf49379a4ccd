package call

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// adopting is how far apart an agent's own note and the exchange's word of the
// same call may be for the two to be one.
const adopting = 2 * time.Minute

// abandonedWithin is until when whoever left the queue is called.
const abandonedWithin = 4 * time.Hour

// pbxEnvelope is what the ledger keeps beside an event.
type pbxEnvelope struct {
	LineID int64 `json:"line_id"`
}

// Arrival checks an exchange's event: who signed it and when, and that it is
// one. What it returns is for the ledger. An unknown line is refused as a wrong
// signature is, after the same work.
func (s *Service) Arrival(ctx context.Context, line, signature string, body []byte) (channel.Arrival, error) {
	now := s.now()
	var secret []byte
	known, err := s.lineNamed(ctx, line)
	if err != nil {
		return channel.Arrival{}, err
	}
	if known != nil {
		if secret, err = s.seal.Unseal(sealedAs, known.Secret); err != nil {
			return channel.Arrival{}, fmt.Errorf("read the secret of line %d: %w", known.ID, err)
		}
	}
	if err := phone.Verify(secret, signature, body, now); err != nil {
		return channel.Arrival{}, err
	}
	e, err := phone.DecodeEvent(body, now)
	if err != nil {
		return channel.Arrival{}, err
	}
	envelope, err := json.Marshal(pbxEnvelope{known.ID})
	if err != nil {
		return channel.Arrival{}, err
	}
	return channel.Arrival{
		Channel: channel.Phone, SourceKey: "pbx:" + strconv.FormatInt(known.ID, 10) + ":" + e.ID,
		BodyHash: sha256.Sum256(body), Raw: body, ReceivedAt: now, Envelope: envelope,
	}, nil
}

// exchange digests the events of telephone exchanges.
type exchange struct{ *Service }

// Exchange is the intake.Digester of the phone: what is pending there came from
// an exchange, since a call that an agent opens has its fate at once.
func (s *Service) Exchange() intake.Digester { return exchange{s} }

// Read decodes an event.
func (x exchange) Read(_ context.Context, st intake.Stored) (intake.Reading, error) {
	e, err := phone.DecodeEvent(st.Raw, st.ReceivedAt)
	if err != nil {
		return nil, err
	}
	var env pbxEnvelope
	if err := json.Unmarshal(st.Envelope, &env); err != nil || env.LineID == 0 {
		return nil, ErrNoLine.Because(err)
	}
	return heard{x.Service, e, env.LineID}, nil
}

// heard is one event of one line.
type heard struct {
	*Service
	phone.Event
	line int64
}

type pbxRow struct {
	LineID    int64  `gorm:"primaryKey"`
	Call      string `gorm:"primaryKey"`
	Facts     string
	TicketID  *int64
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

func (pbxRow) TableName() string { return "pbx_calls" }

// Decide merges the event into what is known of its call, under that call's
// lock, and brings the note to it. The first event after which there is somebody
// to serve opens the ticket; every other one only belongs to it.
func (h heard) Decide(ctx context.Context, tx *gorm.DB) (intake.Verdict, error) {
	p, facts, err := h.merge(ctx, tx)
	if err != nil {
		return intake.Verdict{}, err
	}
	who := phone.ReadCaller(facts.Caller.Value)
	agent, err := agentAt(ctx, tx, facts.Extension())
	if err != nil {
		return intake.Verdict{}, err
	}
	if p.TicketID == nil && len(facts.Legs) > 0 && agent != nil {
		if err := h.adopt(ctx, tx, &p, *agent, who); err != nil {
			return intake.Verdict{}, err
		}
	}
	v := intake.Verdict{Fate: intake.FateAutomatic, Reason: "pbx_" + string(h.Kind)}
	if !known[h.Kind] {
		v.Reason = "pbx_unknown"
	}
	serve := facts.State() == phone.Talking || facts.State() == phone.Ended || facts.State() == phone.Missed && who.Phone != ""
	if p.TicketID == nil && serve {
		v.Fate = intake.FateTicket
		if v.Inbound, err = h.inbound(ctx, tx, who); err != nil {
			return intake.Verdict{}, err
		}
		v.Settled = func(ctx context.Context, tx *gorm.DB, r intake.Receipt) error {
			if err := h.opened(ctx, tx, p, facts, who, agent, r); err != nil {
				return err
			}
			return h.ring(ctx, tx, facts)
		}
		return v, nil
	}
	v.Settled = func(ctx context.Context, tx *gorm.DB, r intake.Receipt) error {
		if err := h.ring(ctx, tx, facts); err != nil || p.TicketID == nil {
			return err
		}
		err := tx.WithContext(ctx).Exec("UPDATE intake_ledger SET ticket_id = ? WHERE id = ?", *p.TicketID, r.LedgerID).Error
		if err != nil {
			return fmt.Errorf("note what an event belongs to: %w", err)
		}
		return h.follow(ctx, tx, facts, agent)
	}
	return v, nil
}

var known = map[phone.EventKind]bool{phone.Queued: true, phone.Ringing: true, phone.Answered: true, phone.Transferred: true,
	phone.HungUp: true, phone.Abandoned: true, phone.RecordingReady: true}

// merge joins the event to the facts of its call, and keeps other events of it
// waiting until tx ends.
func (h heard) merge(ctx context.Context, tx *gorm.DB) (pbxRow, phone.Facts, error) {
	p := pbxRow{LineID: h.line, Call: h.Call, Facts: "{}", UpdatedAt: h.now()}
	err := tx.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&p).Error
	if err == nil {
		err = tx.WithContext(ctx).Clauses(forUpdate).Where("line_id = ? AND call = ?", h.line, h.Call).Take(&p).Error
	}
	var facts phone.Facts
	if err == nil {
		err = json.Unmarshal([]byte(p.Facts), &facts)
	}
	var text []byte
	if err == nil {
		facts = facts.With(h.Event)
		text, err = json.Marshal(facts)
	}
	if err == nil {
		p.Facts = string(text)
		err = tx.WithContext(ctx).Exec("UPDATE pbx_calls SET facts = ?::jsonb, updated_at = ? WHERE line_id = ? AND call = ?",
			p.Facts, h.now(), h.line, h.Call).Error
	}
	if err != nil {
		return pbxRow{}, phone.Facts{}, fmt.Errorf("merge an event of call %q: %w", h.Call, err)
	}
	return p, facts, nil
}

// inbound is what opens the ticket of a call that an exchange told of.
func (h heard) inbound(ctx context.Context, tx *gorm.DB, who phone.Caller) (channel.Inbound, error) {
	line, err := h.lineRow(ctx, tx.Where("id = ?", h.line))
	if err != nil {
		return channel.Inbound{}, err
	}
	in := channel.Inbound{Channel: channel.Phone, Name: nameOf(who)}
	if err := h.fill(ctx, &in, who, &line, line.Name); err != nil {
		return channel.Inbound{}, err
	}
	if line.TeamID != nil {
		in.TeamID = *line.TeamID
	}
	return in, nil
}

// opened writes the note of a call whose ticket has just been opened.
func (h heard) opened(ctx context.Context, tx *gorm.DB, p pbxRow, facts phone.Facts, who phone.Caller, agent *int64, r intake.Receipt) error {
	line, err := h.lineRow(ctx, tx.Where("id = ?", h.line))
	if err != nil {
		return err
	}
	made := row{TicketID: r.TicketID, Protocol: r.Protocol, LineID: &h.line, Line: line.Number, Caller: who.Raw, Phone: string(who.Phone),
		Direction: In, AgentID: agent, PbxCall: &h.Call, StartedAt: h.now()}
	if _, err := h.begin(ctx, tx, made); err != nil {
		return err
	}
	if err := h.belongs(ctx, tx, p, r.TicketID); err != nil {
		return err
	}
	return h.follow(ctx, tx, facts, agent)
}

func (h heard) belongs(ctx context.Context, tx *gorm.DB, p pbxRow, ticketID int64) error {
	err := tx.WithContext(ctx).Exec("UPDATE pbx_calls SET ticket_id = ? WHERE line_id = ? AND call = ?", ticketID, p.LineID, p.Call).Error
	if err != nil {
		return fmt.Errorf("note the ticket of call %q: %w", p.Call, err)
	}
	return nil
}

// adopt finds the note that the agent has opened by hand for this very call:
// theirs, open, begun about now, with the same number or with none. Who calls is
// for follow to write down, which names the customer by it.
func (h heard) adopt(ctx context.Context, tx *gorm.DB, p *pbxRow, agent int64, who phone.Caller) error {
	r, err := read(ctx, tx.Clauses(forUpdate).Where(`agent_id = ? AND ended_at IS NULL AND pbx_call IS NULL AND direction = 'in'
		AND started_at > ? AND (phone = ? OR caller = '')`, agent, h.now().Add(-adopting), string(who.Phone)).Order("contact_id DESC"))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.PbxCall, r.LineID = &h.Call, &h.line
	p.TicketID = &r.TicketID
	if err := save(ctx, tx, &r, h.now()); err != nil {
		return err
	}
	return h.belongs(ctx, tx, *p, r.TicketID)
}

// follow brings the call's note to where the facts stand: who has it, whether it
// has ended, what we owe and where it can be heard. It says the same however
// often it is said.
func (h heard) follow(ctx context.Context, tx *gorm.DB, facts phone.Facts, agent *int64) error {
	r, err := read(ctx, tx.Clauses(forUpdate).Where("line_id = ? AND pbx_call = ?", h.line, h.Call))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	before := r
	if err := h.callerIs(ctx, tx, &r, phone.ReadCaller(facts.Caller.Value)); err != nil {
		return err
	}
	now := h.now()
	switch facts.State() {
	case phone.Missed:
		if r.Outcome == "" && r.AgentID == nil {
			r.Outcome, r.EndedAt = Abandoned, &now
			if err := h.callAbandoned(ctx, tx, r); err != nil {
				return err
			}
		}
	case phone.Talking, phone.Ended:
		if r.Outcome == Abandoned { // it was told too early
			r.Outcome, r.EndedAt = "", nil
			if err := h.forgive(ctx, tx, r); err != nil {
				return err
			}
		}
		if agent != nil && r.AgentID == nil && r.untouched() { // it ended as nobody's: its agent was told of later
			r.EndedAt = nil
		}
		if agent != nil && (r.AgentID == nil || *r.AgentID != *agent) && r.EndedAt == nil {
			r.AgentID = agent
			if _, err := h.takeUp(ctx, tx, r); err != nil {
				return err
			}
		}
	}
	if facts.State() == phone.Ended {
		seconds := int(facts.Duration().Seconds())
		r.Duration = &seconds
		if r.EndedAt == nil && r.AgentID == nil {
			r.EndedAt = &now
		}
	}
	if err := h.recorded(ctx, tx, r, facts); err != nil {
		return err
	}
	if r.same(before) {
		return nil
	}
	return save(ctx, tx, &r, now)
}

// untouched reports whether no person has written anything into the note.
func (r row) untouched() bool { return r.Note == "" && r.Outcome == "" }

// callerIs writes down who calls, as far as the exchange has told by now, and
// whom we owe a call for it. While nobody has said whose ticket it is, it is that
// of the customer whose verified number it is, as if that had been told at first.
func (h heard) callerIs(ctx context.Context, tx *gorm.DB, r *row, who phone.Caller) error {
	if who.Raw == "" || who.Raw == r.Caller {
		return nil
	}
	was := phone.ReadCaller(r.Caller)
	r.Caller, r.Phone = who.Raw, string(who.Phone)
	t, err := ticket.ByID(ctx, tx, r.TicketID)
	if err != nil {
		return err
	}
	if t.CustomerID == nil {
		told := Told{ContactID: r.ContactID}
		cause := ticket.Cause{Kind: event.TicketCall, Data: &told, At: h.now()}
		_, err = ticket.Change(ctx, tx, t.ID, cause, func(t *ticket.Ticket) error {
			return h.nameBy(ctx, tx, t, r.ContactID, was, who, &told)
		})
		if err != nil {
			return err
		}
	}
	err = tx.WithContext(ctx).Exec(`UPDATE call_backs SET phone = ? WHERE ticket_id = ? AND state = 'open' AND why = 'abandoned' AND attempts = 0`,
		r.Phone, r.TicketID).Error
	if err != nil {
		return fmt.Errorf("correct the number of a call back of ticket %d: %w", r.TicketID, err)
	}
	return nil
}

// nameBy gives the ticket of a caller who turns out to be another the customer
// and the name that go with that.
func (h heard) nameBy(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, contact int64, was, who phone.Caller, told *Told) error {
	known, err := ownerOf(ctx, tx, who.Phone)
	if err != nil {
		return err
	}
	if known.ID != 0 {
		t.CustomerID, t.CustomerName, t.LegalPriority, told.Customer = &known.ID, known.Name, known.LegalPriority, &known.ID
		return ofCustomer(ctx, tx, contact, known.ID)
	}
	if t.CustomerName != nameOf(was) || t.CustomerName == nameOf(who) {
		return ticket.ErrUnchanged
	}
	t.CustomerName = nameOf(who)
	return nil
}

// same reports whether nothing that is stored has changed.
func (r row) same(b row) bool {
	eq := func(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }
	return r.Caller == b.Caller && r.Phone == b.Phone && r.Outcome == b.Outcome && (r.EndedAt == nil) == (b.EndedAt == nil) &&
		eq(r.AgentID, b.AgentID) && (r.Duration == nil) == (b.Duration == nil) && (r.Duration == nil || *r.Duration == *b.Duration)
}

// callAbandoned owes a call to whoever left the queue with a number: the team's.
func (h heard) callAbandoned(ctx context.Context, tx *gorm.DB, r row) error {
	if r.Phone == "" {
		return nil
	}
	owed := callBackRow{TicketID: r.TicketID, ContactID: &r.ContactID, Why: LeftQueue, Phone: r.Phone}
	if err := h.owe(ctx, tx, owed, Window{h.now(), h.now().Add(abandonedWithin)}); err != nil {
		return err
	}
	return h.owedNow(ctx, tx, r)
}

// owedNow tells everybody whether we owe a call for the ticket.
func (h heard) owedNow(ctx context.Context, tx *gorm.DB, r row) error {
	c := ticket.Cause{Kind: event.TicketCall, Data: Told{ContactID: r.ContactID, Outcome: r.Outcome}, At: h.now()}
	_, err := ticket.Change(ctx, tx, r.TicketID, c, func(t *ticket.Ticket) error {
		was := t.PromisedAt
		if err := ticket.ShowOwed(ctx, tx, t); err != nil {
			return err
		}
		if was == t.PromisedAt || was != nil && t.PromisedAt != nil && was.Equal(*t.PromisedAt) {
			return ticket.ErrUnchanged
		}
		return nil
	})
	return err
}

// forgive takes back a call that we owed for having missed one, when it turns out
// that we had not, unless somebody has tried already.
func (h heard) forgive(ctx context.Context, tx *gorm.DB, r row) error {
	err := tx.WithContext(ctx).Exec(`UPDATE call_backs SET state = 'cancelled', reason = 'answered', ended_at = ?
		WHERE ticket_id = ? AND state = 'open' AND why = 'abandoned' AND attempts = 0`, h.now(), r.TicketID).Error
	if err != nil {
		return fmt.Errorf("forgive a call back of ticket %d: %w", r.TicketID, err)
	}
	return h.owedNow(ctx, tx, r)
}

// recorded keeps where the exchange says that the call can be heard.
func (h heard) recorded(ctx context.Context, tx *gorm.DB, r row, facts phone.Facts) error {
	if facts.Recording.Value == "" {
		return nil
	}
	was, err := h.recordingOf(ctx, tx, r.ContactID)
	if err == nil && (was.Reference == facts.Recording.Value || was.Blob != "" || was.ErasedAt != nil) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNoRecording) {
		return err
	}
	_, err = h.record(ctx, tx, r.call(), recordingRow{ContactID: r.ContactID, Reference: facts.Recording.Value}, nil)
	if errors.Is(err, ErrKept) {
		return nil // somebody waits for a copy of the one that there is
	}
	return err
}

// agentAt finds who sits at an extension; nil when nobody does.
func agentAt(ctx context.Context, tx *gorm.DB, extension string) (*int64, error) {
	if extension == "" {
		return nil, nil //nolint:nilnil // nobody
	}
	var id *int64
	if err := tx.WithContext(ctx).Raw("SELECT id FROM accounts WHERE extension = ? AND active", extension).Scan(&id).Error; err != nil {
		return nil, fmt.Errorf("find who sits at an extension: %w", err)
	}
	return id, nil
}
