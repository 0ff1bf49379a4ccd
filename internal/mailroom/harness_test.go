package mailroom_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

var zone = must(time.LoadLocation("America/Sao_Paulo"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pokes hears what the sequencer would.
type pokes struct{ n atomic.Int64 }

func (p *pokes) Poke() { p.n.Add(1) }

// oneClock gives every demand a resolution in seven days.
type oneClock struct{}

func (oneClock) AskSegments() bool { return false }

func (oneClock) PlanNext(sla.Demand, time.Time) []sla.NewClock { return nil }

func (oneClock) Plan(_ sla.Demand, at time.Time) []sla.NewClock {
	due := at.Add(7 * 24 * time.Hour)
	return []sla.NewClock{{Kind: sla.Resolution, Policy: "teste", Calendar: sla.Calendar24x7, Amount: 7, Unit: sla.CalendarDays,
		StartedAt: at, Due: due, Target: due, Warn50: at.Add(84 * time.Hour), Warn75: due.Add(-42 * time.Hour), Warn90: due.Add(-12 * time.Hour)}}
}

// office is a database with any number of nodes that take mail in.
type office struct {
	testing.TB
	url    string
	db     *postgres.DB
	clock  *postgres.Clock
	blobs  *blob.Store
	signer email.Signer
	pokes  pokes
	in     *intake.Intake // the first node
}

// ours is our address in these tests.
const ours = "sac@empresa.example"

func newOffice(t testing.TB, change ...func(*mailroom.Options)) *office {
	t.Helper()
	url := pgtest.URL(t)
	db := pgtest.Open(t, url, postgres.Options{MaxConns: 8})
	o := &office{
		TB: t, url: url, db: db, signer: email.NewSigner([]byte("um segredo de teste com trinta e dois")),
		clock: must(postgres.NewClock(t.Context(), db.Pool)), blobs: must(blob.New(t.TempDir())),
	}
	o.in = o.node(change...)
	return o
}

// mailbox adds one of ours.
func (o *office) mailbox(address string, aliases ...string) (id int64) {
	o.Helper()
	o.scan(&id, `INSERT INTO mailboxes (brand_id, address, aliases, is_default)
		VALUES ((SELECT min(id) FROM brands), $1, coalesce($2, '{}'::text[]), NOT EXISTS (SELECT FROM mailboxes)) RETURNING id`, address, aliases)
	return id
}

// node starts one more node, which works until the test ends.
func (o *office) node(change ...func(*mailroom.Options)) *intake.Intake {
	o.Helper()
	log := slog.New(slog.DiscardHandler)
	in, err := intake.New(o.Context(), intake.Options{
		URL: o.url, DB: o.db, Blobs: o.blobs, Planner: oneClock{}, Calendars: sla.BuiltIn(zone), Poke: &o.pokes,
		Now: o.clock.Now, Zone: zone, Log: log,
	})
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(in.Close)
	options := mailroom.Options{DB: o.db, Blobs: o.blobs, Signer: o.signer, Now: o.clock.Now, Log: log, Flood: mailroom.DefaultFlood}
	for _, c := range change {
		c(&options)
	}
	in.Digest(channel.Email, mailroom.New(options))
	in.Digest(channel.Ombudsman, imports.Digester{})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := in.Run(ctx); err != nil {
			o.Error(err)
		}
	})
	o.Cleanup(func() { cancel(); done.Wait() })
	return in
}

func (o *office) scan(to any, sql string, args ...any) {
	o.Helper()
	if err := o.db.Pool.QueryRow(context.Background(), sql, args...).Scan(to); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

func (o *office) count(sql string, args ...any) (n int) {
	o.Helper()
	o.scan(&n, sql, args...)
	return n
}

func (o *office) exec(sql string, args ...any) {
	o.Helper()
	if _, err := o.db.Pool.Exec(context.Background(), sql, args...); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

// accepted puts a mail into the ledger, as a carrier does.
func (o *office) accepted(in *intake.Intake, raw []byte, e email.Envelope) int64 {
	o.Helper()
	key, hash := email.SourceKey(raw)
	got, err := in.Accept(context.Background(), channel.Arrival{Channel: channel.Email, SourceKey: key, BodyHash: hash, Raw: raw, Envelope: e.JSON()})
	if err != nil {
		o.Fatalf("a mail was not accepted: %v", err)
	}
	return got.LedgerID
}

// row is what the ledger says of one mail.
type row struct {
	Fate      intake.Fate
	Reason    string
	TicketID  int64
	MessageID int64
}

func (o *office) row(ledger int64) (r row) {
	o.Helper()
	err := o.db.Pool.QueryRow(context.Background(), `SELECT fate, reason, coalesce(ticket_id, 0), coalesce(message_id, 0)
		FROM intake_ledger WHERE id = $1`, ledger).Scan(&r.Fate, &r.Reason, &r.TicketID, &r.MessageID)
	if err != nil {
		o.Fatal(err)
	}
	return r
}

// settled waits until a mail has its fate.
func (o *office) settled(ledger int64) (r row) {
	o.Helper()
	end := time.Now().Add(time.Minute)
	for r = o.row(ledger); r.Fate == intake.FatePending; r = o.row(ledger) {
		if time.Now().After(end) {
			o.Fatalf("entry %d has no fate after a minute: %+v, %d tries", ledger, r, o.count(`SELECT attempts + failures FROM intake_ledger WHERE id = $1`, ledger))
		}
		time.Sleep(2 * time.Millisecond)
	}
	return r
}

// receive takes a mail in by SMTP and waits for its fate.
func (o *office) receive(raw string, edit ...func(*email.Envelope)) row {
	o.Helper()
	e := email.Envelope{MailFrom: "remetente@example.net", Recipients: []string{ours}, RemoteIP: "192.0.2.7", Helo: "mx.example.net"}
	for _, change := range edit {
		change(&e)
	}
	return o.settled(o.accepted(o.in, []byte(raw), e))
}

// opened takes a mail in that must become a ticket.
func (o *office) opened(raw string) row {
	o.Helper()
	r := o.receive(raw)
	if r.Fate != intake.FateTicket || r.TicketID == 0 || r.MessageID == 0 {
		o.Fatalf("the mail became %+v, not a ticket", r)
	}
	return r
}

// joins takes a mail in that must join a ticket.
func (o *office) joins(ticket int64, raw string) row {
	o.Helper()
	r := o.receive(raw)
	if r.Fate != intake.FateReply || r.TicketID != ticket {
		o.Errorf("the mail became %+v, not a reply of ticket %d", r, ticket)
	}
	return r
}

// apart takes a mail in that must be kept apart from the given ticket: it opens
// one of its own, or joins the one that its sender opened before.
func (o *office) apart(from int64, raw string) row {
	o.Helper()
	r := o.receive(raw)
	if r.Fate != intake.FateTicket && r.Fate != intake.FateReply || r.TicketID == from || r.TicketID == 0 {
		o.Errorf("the mail became %+v, not one apart from ticket %d", r, from)
	}
	return r
}

// sent is a mail of ours to the address about the ticket; its Message-ID.
func (o *office) sent(ticket int64, to string) (mailID string, outID int64) {
	o.Helper()
	mailID = o.signer.MessageID(ticket, 0, "empresa.example")
	err := o.db.InTx(context.Background(), func(tx *gorm.DB) error {
		out, err := outbox.Insert(context.Background(), tx, outbox.Out{
			Way: reach.Email, Purpose: reach.Reply, Key: mailID, TicketID: &ticket, Recipient: to, MailID: mailID,
		})
		outID = out.ID
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	o.exec(`UPDATE outbox SET state = 'sent' WHERE id = $1`, outID)
	return mailID, outID
}

// acknowledged counts the orders to tell the protocol of a ticket.
func (o *office) acknowledged(ticket int64) int {
	o.Helper()
	return o.count(`SELECT count(*) FROM river_job WHERE kind = 'acknowledge' AND (args->>'ticket_id')::bigint = $1`, ticket)
}

// put moves a ticket to a status, as an agent's act would.
func (o *office) put(id int64, to ticket.Status) {
	o.Helper()
	err := o.db.InTx(context.Background(), func(tx *gorm.DB) error {
		now := o.clock.Now()
		_, err := ticket.Change(context.Background(), tx, id, ticket.Cause{Kind: "ticket.changed", At: now}, func(t *ticket.Ticket) error {
			if to == ticket.Resolved {
				if err := sla.Stop(tx, id, sla.Resolution, now); err != nil {
					return err
				}
			}
			return t.Move(to, now)
		})
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
}

// consistent checks what must hold of whatever was taken in.
func (o *office) consistent() {
	o.Helper()
	for what, sql := range map[string]string{
		"mails that have no fate":               `SELECT count(*) FROM intake_ledger WHERE fate = 'pending'`,
		"tickets that no ledger row accounts":   `SELECT count(*) FROM tickets t WHERE (SELECT count(*) FROM intake_ledger g WHERE g.ticket_id = t.id AND g.fate = 'ticket') <> 1`,
		"messages that no ledger row accounts":  `SELECT count(*) FROM messages m WHERE m.direction = 'in' AND (SELECT count(*) FROM intake_ledger g WHERE g.message_id = m.id AND g.ticket_id = m.ticket_id) <> 1`,
		"versions without their one event":      `SELECT count(*) FROM tickets t WHERE (SELECT count(*) FROM events e WHERE e.ticket_id = t.id) <> t.version`,
		"difference of tallies and ledger rows": `SELECT coalesce(sum(abs(n)), 0) FROM (SELECT channel, fate, sum(n) n FROM (SELECT channel, fate, n FROM intake_tallies UNION ALL SELECT channel, fate, -1 FROM intake_ledger) x GROUP BY 1, 2) y`,
	} {
		if n := o.count(sql); n != 0 {
			o.Errorf("%d %s", n, what)
		}
	}
}

var serial atomic.Int64

// letter is a mail as a test writes it.
type letter struct {
	From, To, Subject, ID, InReplyTo, References, Body string
	Headers                                            []string
}

func (l letter) String() string {
	n := serial.Add(1)
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	line("From", or(l.From, fmt.Sprintf("Cliente %d <cliente%d@example.net>", n, n)))
	line("To", or(l.To, ours))
	line("Subject", or(l.Subject, fmt.Sprintf("Pedido %d não chegou", n)))
	line("Date", "Mon, 02 Mar 2026 10:00:00 -0300")
	if l.ID != "-" {
		line("Message-ID", "<"+or(l.ID, fmt.Sprintf("m%d@example.net", n))+">")
	}
	if l.InReplyTo != "" {
		line("In-Reply-To", "<"+l.InReplyTo+">")
	}
	line("References", l.References)
	for _, h := range l.Headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
	b.WriteString(or(l.Body, fmt.Sprintf("Comprei há dez dias e o pedido %d ainda não chegou.", n)) + "\r\n")
	return b.String()
}
