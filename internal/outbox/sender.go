package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// Sender is as whom a ticket is answered by mail.
type Sender struct {
	MailboxID *int64 // nil when no mailbox is configured
	Address   string
	Name      string
	Signature string
	Brand     Brand
	// Undo is how long an author may take an answer back.
	Undo         time.Duration
	Acknowledges bool
}

// sender chooses as whom a ticket is answered: the mailbox that its customer
// wrote to last, else the one of its brand and team, else the default one. With
// no mailbox at all, but a relay, it is an address at our own host. ok is false
// when there is none: then the customer's page is the only way.
func (p *Post) sender(ctx context.Context, tx *gorm.DB, t ticket.Ticket) (s Sender, ok bool, err error) {
	var found struct {
		ID           *int64
		Address      string
		DisplayName  string
		Signature    string
		UndoSeconds  int
		Acknowledges bool
		Brand        string
		Color        string
	}
	err = tx.WithContext(ctx).Raw(`SELECT m.id, coalesce(m.address, '') AS address, coalesce(m.display_name, '') AS display_name,
		coalesce(m.signature, '') AS signature, coalesce(m.undo_seconds, 0) AS undo_seconds, coalesce(m.acknowledges, true) AS acknowledges,
		b.name AS brand, b.color
		FROM brands b LEFT JOIN LATERAL (
			SELECT * FROM mailboxes WHERE active ORDER BY
				address = (SELECT origin->>'mailbox' FROM messages WHERE ticket_id = @ticket AND direction = 'in' AND origin->>'mailbox' <> ''
					ORDER BY id DESC LIMIT 1) DESC NULLS LAST,
				brand_id = @brand DESC, team_id = @team DESC NULLS LAST, is_default DESC, id LIMIT 1) m ON true
		WHERE b.id = @brand`, map[string]any{"ticket": t.ID, "brand": t.BrandID, "team": t.TeamID}).Scan(&found).Error
	if err != nil {
		return Sender{}, false, fmt.Errorf("choose as whom to answer ticket %d: %w", t.ID, err)
	}
	s = Sender{
		MailboxID: found.ID, Address: found.Address, Name: found.DisplayName, Signature: found.Signature,
		Brand: Brand{found.Brand, found.Color}, Undo: time.Duration(found.UndoSeconds) * time.Second, Acknowledges: found.Acknowledges,
	}
	if s.Name == "" {
		s.Name = found.Brand
	}
	if s.MailboxID == nil {
		s.Address = p.Fallback
		return s, p.Fallback != "", nil
	}
	return s, true, nil
}

// Sends reports whether anybody is there as whom mail could go out.
func (p *Post) Sends(ctx context.Context, db *gorm.DB) (yes bool, err error) {
	if p.IDs == nil || p.Fallback != "" {
		return p.IDs != nil, nil
	}
	if err := db.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM mailboxes WHERE active)").Scan(&yes).Error; err != nil {
		return false, fmt.Errorf("look for a mailbox: %w", err)
	}
	return yes, nil
}

// thread gives the mails of a ticket that a new one follows: the one it answers,
// which is the newest of the customer's, and the chain before it, oldest first.
// The first is always there: mail programs hang the thread on it.
func thread(ctx context.Context, tx *gorm.DB, ticketID int64) (inReplyTo string, references []string, err error) {
	var mails []struct {
		ID string
		In bool
	}
	err = tx.WithContext(ctx).Raw(`SELECT id, "in" FROM (
			SELECT origin->>'message_id' AS id, true AS "in", at FROM messages
			WHERE ticket_id = @ticket AND direction = 'in' AND NOT automatic AND coalesce(origin->>'message_id', '') <> ''
			UNION ALL
			SELECT mail_id, false, created_at FROM outbox WHERE ticket_id = @ticket AND way = 'email' AND purpose <> 'area' AND mail_id IS NOT NULL
			AND state NOT IN ('undone', 'suppressed')) m ORDER BY at DESC LIMIT 200`, map[string]any{"ticket": ticketID}).Scan(&mails).Error
	if err != nil {
		return "", nil, fmt.Errorf("read the mails of ticket %d: %w", ticketID, err)
	}
	for _, m := range mails {
		if id := cleanID(m.ID); id != "" {
			references = append([]string{id}, references...)
			if m.In && inReplyTo == "" {
				inReplyTo = id
			}
		}
	}
	if inReplyTo == "" && len(references) > 0 {
		inReplyTo = references[len(references)-1]
	}
	if len(references) > maxReferences {
		references = append(references[:1:1], references[len(references)-maxReferences+1:]...)
	}
	return inReplyTo, references, nil
}

const (
	// maxReferences bounds the chain that a mail names.
	maxReferences = 12
	// maxID bounds one Message-ID in it: with its brackets it is a word that no line
	// break can be put into, and a line has 998 bytes.
	maxID = 250
)

// cleanID lets only that through which cannot be anything but one Message-ID:
// it was a stranger's word.
func cleanID(id string) string {
	if len(id) == 0 || len(id) > maxID {
		return ""
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == ',' || c == ';' || c == '"' || c == '(' || c == ')' {
			return ""
		}
	}
	return id
}
