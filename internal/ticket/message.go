package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/folding"
)

// Direction says who speaks in a message.
type Direction string

// The directions: in is the customer, out is us.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Delivery is how far a message of ours has come.
type Delivery string

// The states of a delivery. A message of the customer has none.
const (
	NotDelivered Delivery = "none"
	Queued       Delivery = "queued"
	Sent         Delivery = "sent"      // the customer's mail server is to have it
	Delivered    Delivery = "delivered" // the customer can read it
	Failed       Delivery = "failed"    // it was refused, or came back
	Undone       Delivery = "undone"    // its author took it back before anybody saw it
)

// MaxBody bounds what one message or note may hold, in runes.
const MaxBody = 50_000

// previewLength is how much of a message a list row shows, in runes.
const previewLength = 140

// Message is what the customer or we said. It never changes, but for its Delivery.
type Message struct {
	ID         int64
	TicketID   int64
	ContactID  *int64
	Direction  Direction
	AuthorID   *int64 // nil when the customer speaks
	AuthorName string
	Body       string
	Version    int // the ticket's, by which the message came
	Delivery   Delivery
	// DeliveryReason is the code of why it failed, or of what it waits for.
	DeliveryReason string
	// HeldUntil is the end of the time in which its author may take it back. Until
	// then its customer does not see it. Nil when it never was held.
	HeldUntil *time.Time
	Envelope  json.RawMessage // frozen when sent: who it goes to, from whom, under which id
	// HTML is what its sender laid out, made harmless; empty when there was only
	// text. It may be two megabytes: a message read among others has only HasHTML.
	HTML    string
	HasHTML bool
	Folded  string          // what Body leaves out: quoted text, signature, disclaimer
	Origin  json.RawMessage // how it came, for staff to see
	// Automatic is what a machine sent: staff see it, the customer's page does not,
	// and it makes nothing anybody's turn.
	Automatic bool
	At        time.Time
	Files     []File
}

// Public reports whether the customer sees the message at this instant.
func (m Message) Public(now time.Time) bool {
	return !m.Automatic && m.Delivery != Undone && (m.HeldUntil == nil || !m.HeldUntil.After(now))
}

// Spoken reports whether we said it on the phone: its author noted it, and
// nothing was sent.
func (m Message) Spoken() bool {
	var how struct {
		Spoken bool `json:"spoken"`
	}
	return m.Direction == Out && json.Unmarshal(m.Envelope, &how) == nil && how.Spoken
}

// Note is what only we see. It is another table than the messages, so that no
// forgotten filter shows one to a customer.
type Note struct {
	ID         int64
	TicketID   int64
	AuthorID   int64
	AuthorName string
	Body       string
	Version    int
	At         time.Time
}

// CheckBody returns the text as it will be stored, or ErrInvalid naming field:
// blank, over MaxBody, or not text at all.
func CheckBody(field, body string) (string, error) {
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
	switch {
	case !utf8.ValidString(body) || strings.ContainsRune(body, 0):
		return "", Wrong(field, "not_text")
	case body == "":
		return "", Wrong(field, "required")
	case utf8.RuneCountInString(body) > MaxBody:
		return "", Wrong(field, "too_long", MaxBody)
	}
	return body, nil
}

// Preview gives the first words of a text on one line, as a list row shows them.
func Preview(body string) string {
	line := strings.Join(strings.Fields(body), " ")
	if utf8.RuneCountInString(line) <= previewLength {
		return line
	}
	runes := []rune(line)[:previewLength-1]
	return strings.TrimRight(string(runes), " ") + "…"
}

// InsertMessage stores a message as part of the change that is making the
// version t has now, and marks t accordingly; an automatic one leaves no mark.
// Called from within Change.
func InsertMessage(ctx context.Context, tx *gorm.DB, t *Ticket, m Message) (Message, error) {
	m.TicketID, m.Version = t.ID, t.Version
	if m.Delivery == "" {
		m.Delivery = NotDelivered
	}
	if m.Envelope == nil {
		m.Envelope = json.RawMessage("{}")
	}
	if m.Origin == nil {
		m.Origin = json.RawMessage("{}")
	}
	m.At = *micro(&m.At)
	err := tx.WithContext(ctx).Raw(`INSERT INTO messages
		(ticket_id, contact_id, direction, author_id, author_name, body, version, delivery, held_until, envelope, html, folded,
		 origin, automatic, search, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?::jsonb, ?, to_tsvector('simple', ?), ?) RETURNING id`,
		m.TicketID, m.ContactID, m.Direction, m.AuthorID, m.AuthorName, m.Body, m.Version, m.Delivery, micro(m.HeldUntil),
		string(m.Envelope), m.HTML, m.Folded, string(m.Origin), m.Automatic, folding.Fold(m.Body), m.At).Scan(&m.ID).Error
	if err != nil {
		return Message{}, fmt.Errorf("store a message of ticket %d: %w", t.ID, err)
	}
	if !m.Automatic {
		t.PublicVersion, t.Preview = t.Version, Preview(m.Body)
		t.Unread = t.unreadAfter(m)
	}
	for i := range m.Files {
		if m.Files[i], err = attach(ctx, tx, t.ID, m.ID, m.Files[i], m.At); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

// IndexSubject makes a ticket be found by its new subject. What it is found by,
// besides its messages, is kept with the first of them: who writes and about what.
func IndexSubject(ctx context.Context, tx *gorm.DB, t Ticket) error {
	var first struct {
		ID   int64
		Body string
	}
	err := tx.WithContext(ctx).Raw("SELECT id, body FROM messages WHERE ticket_id = ? ORDER BY id LIMIT 1", t.ID).Scan(&first).Error
	if err == nil && first.ID != 0 {
		err = tx.WithContext(ctx).Exec("UPDATE messages SET search = to_tsvector('simple', ?) WHERE id = ?",
			SearchText(t.CustomerName, t.Subject, first.Body), first.ID).Error
	}
	if err != nil {
		return fmt.Errorf("index the subject of ticket %d: %w", t.ID, err)
	}
	return nil
}

// SearchText is what the first message of a ticket is found by, folded.
func SearchText(customer, subject, body string) string {
	return folding.Fold(customer + "\n" + subject + "\n" + body)
}

// InsertNote stores a note as part of the change that is making the version t
// has now. Called from within Change.
func InsertNote(ctx context.Context, tx *gorm.DB, t *Ticket, n Note) (Note, error) {
	n.TicketID, n.Version = t.ID, t.Version
	n.At = *micro(&n.At)
	err := tx.WithContext(ctx).Raw(`INSERT INTO notes (ticket_id, author_id, body, version, at)
		VALUES (?, ?, ?, ?, ?) RETURNING id`, n.TicketID, n.AuthorID, n.Body, n.Version, n.At).Scan(&n.ID).Error
	if err != nil {
		return Note{}, fmt.Errorf("store a note of ticket %d: %w", t.ID, err)
	}
	return n, nil
}

// InsertContact records one interaction about the ticket and returns its id.
func InsertContact(ctx context.Context, tx *gorm.DB, t *Ticket, d Direction, at time.Time) (id int64, err error) {
	err = tx.WithContext(ctx).Raw(`WITH c AS (
			INSERT INTO contacts (channel, direction, customer_id, at) VALUES (?, ?, ?, ?) RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c RETURNING contact_id`,
		t.Channel, d, t.CustomerID, at, t.ID).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("record a contact about ticket %d: %w", t.ID, err)
	}
	return id, nil
}

type messageRow struct {
	ID         int64
	TicketID   int64
	ContactID  *int64
	Direction  Direction
	AuthorID   *int64
	AuthorName string
	Body       string
	Version    int
	Delivery   Delivery
	Envelope   string
	HTML       string `gorm:"column:html"`
	HasHTML    bool   `gorm:"column:has_html"`
	Folded     string
	Origin     string
	Automatic  bool
	At         time.Time

	DeliveryReason string
	HeldUntil      *time.Time
}

func (r messageRow) message(files []File) Message {
	return Message{ID: r.ID, TicketID: r.TicketID, ContactID: r.ContactID, Direction: r.Direction,
		AuthorID: r.AuthorID, AuthorName: r.AuthorName, Body: r.Body, Version: r.Version,
		Delivery: r.Delivery, DeliveryReason: r.DeliveryReason, HeldUntil: r.HeldUntil,
		Envelope: json.RawMessage(r.Envelope), HTML: r.HTML, HasHTML: r.HasHTML, Folded: r.Folded,
		Origin: json.RawMessage(r.Origin), Automatic: r.Automatic, At: r.At, Files: files}
}

// longest bounds how much of one ticket is read at once: the newest so many
// messages, notes and events. A ticket that has more is a machine's.
const longest = 1000

// Messages reads what was said after a version, oldest first, with its files;
// after 0 reads all of it. Automatic messages are not part of it, nor is what its
// author took back.
func Messages(ctx context.Context, db *gorm.DB, ticketID int64, after int) ([]Message, error) {
	return messagesOf(ctx, db, ticketID, after, " AND NOT automatic AND delivery <> 'undone'")
}

// ShownMessages reads what the customer sees of a ticket: Messages without what
// its author may still take back. Whatever shows or sends a customer more than
// one message takes them from here.
func ShownMessages(ctx context.Context, db *gorm.DB, ticketID int64) ([]Message, error) {
	return messagesOf(ctx, db, ticketID, 0, " AND NOT automatic AND delivery <> 'undone' AND (held_until IS NULL OR held_until <= now())")
}

const messageColumns = `id, ticket_id, contact_id, direction, author_id, author_name, body, version, delivery, delivery_reason,
	held_until, envelope, html <> '' AS has_html, folded, origin, automatic, at`

func messagesOf(ctx context.Context, db *gorm.DB, ticketID int64, after int, only string) ([]Message, error) {
	var rows []messageRow
	err := db.WithContext(ctx).Raw(`SELECT * FROM (
			SELECT `+messageColumns+` FROM messages WHERE ticket_id = ? AND version > ?`+only+` ORDER BY id DESC LIMIT ?) m ORDER BY m.id`,
		ticketID, after, longest).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the messages of ticket %d: %w", ticketID, err)
	}
	files, err := filesOf(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	messages := make([]Message, len(rows))
	for i, r := range rows {
		messages[i] = r.message(files[r.ID])
	}
	return messages, nil
}
