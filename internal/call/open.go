package call

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/ticket"
)

var forUpdate = clause.Locking{Strength: "UPDATE"}

// demand is what a call is until its agent says more: the one kind that the
// law's term covers whatever the matter turns out to be.
const demand = "informacao"

// Open takes a call in, at once: it is in the ledger, has its protocol and its
// ticket, and the ticket is in the hands of whoever is on the phone. Who is
// calling may follow later: a number that somebody shows proves nothing, so only
// one that has been verified names the customer.
func (s *Service) Open(ctx context.Context, actor access.Actor, o Opening) (Opened, error) {
	in, who, err := phone.Check(phone.Opening{Line: o.Line, Caller: o.Caller, Note: o.Note, Account: actor.AccountID, Key: ownKey(actor, o.Key)})
	if err != nil {
		return Opened{}, err
	}
	line, err := s.lineNamed(ctx, o.Line)
	if err != nil {
		return Opened{}, err
	}
	if err := s.fill(ctx, &in, who, line, o.Line); err != nil {
		return Opened{}, err
	}
	standard, err := defaultTeam(ctx, s.db.Gorm)
	if err != nil {
		return Opened{}, err
	}
	in.TeamID = teamFor(actor, line, standard)
	made := row{Line: o.Line, Caller: who.Raw, Phone: string(who.Phone),
		AgentID: &actor.AccountID, Note: o.Note, Direction: In, StartedAt: s.now()}
	if line != nil {
		made.LineID = &line.ID
	}
	var opened Opened
	// One transaction: a ticket without its call would be a demand without its words.
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		receipt, err := s.intake.OpenIn(ctx, tx, in)
		if err != nil {
			return err
		}
		if receipt.Replayed {
			opened, err = s.openedBefore(ctx, tx, receipt.TicketID)
			return err
		}
		fresh := made
		fresh.TicketID, fresh.Protocol = receipt.TicketID, receipt.Protocol
		opened, err = s.begin(ctx, tx, fresh)
		return err
	})
	if err != nil {
		return Opened{}, fmt.Errorf("open a call: %w", err)
	}
	s.poke.Poke()
	return opened, nil
}

// ownKey makes a repetition recognisable, whatever the length of its key, without
// letting one agent's key be another's; empty stays empty.
func ownKey(actor access.Actor, key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("%d:%x", actor.AccountID, sha256.Sum256([]byte(key)))
}

// openedBefore is a call that the same request has opened already.
func (s *Service) openedBefore(ctx context.Context, tx *gorm.DB, ticketID int64) (Opened, error) {
	r, err := read(ctx, tx.Where("opened_id = ?", ticketID))
	if err != nil {
		return Opened{}, err
	}
	t, err := ticket.ByID(ctx, tx, r.TicketID)
	return Opened{r.call(), t}, err
}

// fill completes what the intake takes of a call.
func (s *Service) fill(ctx context.Context, in *channel.Inbound, who phone.Caller, line *lineRow, told string) error {
	in.Kind = demand
	in.Subject = i18n.Text(i18n.Default, "call.subject", nil)
	if line != nil {
		in.BrandID, told = line.BrandID, line.Name
	}
	in.Body = i18n.Text(i18n.Default, "call.opening", map[string]any{"line": told})
	in.Name = nameOf(who)
	known, err := ownerOf(ctx, s.db.Gorm, who.Phone)
	if err == nil && known.ID != 0 {
		in.Phone = who.Phone
	}
	return err
}

// nameOf is what somebody is called of whom a telephone alone has told.
func nameOf(who phone.Caller) string {
	if who.Hidden() {
		return i18n.Text(i18n.Default, "call.unknown", nil)
	}
	return who.Display()
}

// owner is a customer as their ticket names them; the zero owner is nobody.
type owner struct {
	ID            int64
	Name          string
	LegalPriority int
}

// ownerOf finds the customer who is verified to have a number.
func ownerOf(ctx context.Context, db *gorm.DB, number brazil.Phone) (known owner, err error) {
	if number == "" {
		return owner{}, nil
	}
	err = db.WithContext(ctx).Raw(`SELECT c.id, coalesce(nullif(c.name, ''), ?) AS name, c.legal_priority FROM identities i
		JOIN customers c ON c.id = i.customer_id WHERE i.kind = 'phone' AND i.value = ? AND i.verified_at IS NOT NULL`,
		number.String(), string(number)).Scan(&known).Error
	if err != nil {
		return owner{}, fmt.Errorf("look whose number it is: %w", err)
	}
	return known, nil
}

// teamFor is where a call's ticket goes: to its line's team, if whoever is on the
// phone may work there; else to a team of theirs.
func teamFor(actor access.Actor, line *lineRow, standard int64) int64 {
	may := func(team int64) bool { return actor.MaySee(access.Audience{Team: team}) }
	switch {
	case line != nil && line.TeamID != nil && may(*line.TeamID):
		return *line.TeamID
	case may(standard) || len(actor.Teams) == 0:
		return standard
	}
	return actor.Teams[0]
}

func defaultTeam(ctx context.Context, db *gorm.DB) (id int64, err error) {
	if err = db.WithContext(ctx).Raw("SELECT id FROM teams WHERE is_default").Scan(&id).Error; err != nil {
		return 0, fmt.Errorf("read the default team: %w", err)
	}
	return id, nil
}

// begin writes the row of a call whose ticket has just been opened, and puts the
// ticket into the hands of its agent, when there is one.
func (s *Service) begin(ctx context.Context, tx *gorm.DB, r row) (Opened, error) {
	err := tx.WithContext(ctx).Raw("SELECT min(contact_id) FROM ticket_contacts WHERE ticket_id = ?", r.TicketID).Scan(&r.ContactID).Error
	if err != nil {
		return Opened{}, fmt.Errorf("find the contact of ticket %d: %w", r.TicketID, err)
	}
	r.OpenedID, r.Version, r.UpdatedAt = r.TicketID, 1, r.StartedAt
	if err := tx.WithContext(ctx).Create(&r).Error; err != nil {
		return Opened{}, fmt.Errorf("store a call: %w", err)
	}
	t, err := s.takeUp(ctx, tx, r)
	return Opened{r.call(), t}, err
}

// takeUp gives the call's ticket to its agent and shows the note in its row.
func (s *Service) takeUp(ctx context.Context, tx *gorm.DB, r row) (ticket.Ticket, error) {
	if r.AgentID == nil && r.Note == "" {
		return ticket.ByID(ctx, tx, r.TicketID)
	}
	told := Told{ContactID: r.ContactID, AgentID: r.AgentID}
	c := ticket.Cause{Kind: event.TicketCall, ActorID: r.AgentID, Data: &told, At: s.now()}
	return ticket.Change(ctx, tx, r.TicketID, c, func(t *ticket.Ticket) error {
		if r.Note != "" {
			t.Preview = ticket.Preview(r.Note)
			if err := indexNote(ctx, tx, *t, r.Note); err != nil {
				return err
			}
		}
		if r.AgentID == nil {
			return nil
		}
		var until time.Time
		err := tx.Raw("SELECT now() + make_interval(secs => ?)", ticket.LeaseTime.Seconds()).Scan(&until).Error
		if err != nil {
			return fmt.Errorf("ask for the time: %w", err)
		}
		t.AssigneeID, t.HolderID, t.LeaseUntil = r.AgentID, r.AgentID, &until
		t.Fence++
		if t.Status == ticket.New {
			return t.Move(ticket.Open, c.At)
		}
		return nil
	})
}

// indexNote makes a ticket be found by what its call's note says.
func indexNote(ctx context.Context, tx *gorm.DB, t ticket.Ticket, note string) error {
	err := tx.WithContext(ctx).Exec(`UPDATE messages SET search = to_tsvector('simple', ?)
		WHERE id = (SELECT min(id) FROM messages WHERE ticket_id = ?)`,
		ticket.SearchText(t.CustomerName, t.Subject, note), t.ID).Error
	if err != nil {
		return fmt.Errorf("index the note of ticket %d: %w", t.ID, err)
	}
	return nil
}

// Another opens a further ticket from the same call: a second demand has a
// protocol of its own.
func (s *Service) Another(ctx context.Context, actor access.Actor, contact int64, subject, note, key string) (ticket.Ticket, error) {
	c, t, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := c.mine(actor); err != nil {
		return ticket.Ticket{}, err
	}
	in, who, err := phone.Check(phone.Opening{Line: c.Line, Caller: c.Caller.Raw, Note: note, Account: actor.AccountID, Key: ownKey(actor, key)})
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := s.fill(ctx, &in, who, nil, c.Line); err != nil {
		return ticket.Ticket{}, err
	}
	in.TeamID, in.BrandID, in.Name = t.TeamID, t.BrandID, t.CustomerName
	var second ticket.Ticket
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		receipt, err := s.intake.OpenIn(ctx, tx, in)
		if err != nil {
			return err
		}
		if receipt.Replayed {
			second, err = ticket.ByID(ctx, tx, receipt.TicketID)
			return err
		}
		second, err = s.takeUp(ctx, tx, row{ContactID: contact, TicketID: receipt.TicketID, AgentID: &actor.AccountID, Note: note})
		if err != nil {
			return err
		}
		if second, err = s.follow(ctx, tx, second, t, c, subject); err != nil {
			return err
		}
		return sameContact(ctx, tx, receipt.TicketID, contact)
	})
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("open another ticket from call %d: %w", contact, err)
	}
	s.poke.Poke()
	return second, nil
}

// follow gives the second ticket of a call the customer of the first, and what
// it is about.
func (s *Service) follow(ctx context.Context, tx *gorm.DB, second, first ticket.Ticket, c Call, subject string) (ticket.Ticket, error) {
	told := Told{ContactID: c.ContactID, Customer: first.CustomerID}
	cause := ticket.Cause{Kind: event.TicketCall, ActorID: c.AgentID, Data: &told, At: s.now()}
	return ticket.Change(ctx, tx, second.ID, cause, func(t *ticket.Ticket) error {
		before := *t
		t.CustomerID, t.CustomerName, t.LegalPriority = first.CustomerID, first.CustomerName, first.LegalPriority
		if subject != "" {
			t.Subject = subject
			if err := ticket.IndexSubject(ctx, tx, *t); err != nil {
				return err
			}
		}
		if before.Subject == t.Subject && before.CustomerID == t.CustomerID && before.CustomerName == t.CustomerName {
			return ticket.ErrUnchanged
		}
		return nil
	})
}

// sameContact makes a ticket belong to a contact that there was already, in
// place of the one that was recorded with it.
func sameContact(ctx context.Context, tx *gorm.DB, ticketID, contact int64) error {
	var made int64
	err := tx.WithContext(ctx).Raw("SELECT min(contact_id) FROM ticket_contacts WHERE ticket_id = ?", ticketID).Scan(&made).Error
	for _, sql := range []string{
		"INSERT INTO ticket_contacts VALUES (@ticket, @contact)",
		"UPDATE messages SET contact_id = @contact WHERE ticket_id = @ticket AND contact_id = @made",
		"DELETE FROM ticket_contacts WHERE ticket_id = @ticket AND contact_id = @made",
		"DELETE FROM contacts WHERE id = @made",
	} {
		if err == nil {
			err = tx.WithContext(ctx).Exec(sql, map[string]any{"ticket": ticketID, "contact": contact, "made": made}).Error
		}
	}
	if err != nil {
		return fmt.Errorf("join ticket %d to contact %d: %w", ticketID, contact, err)
	}
	return nil
}
