package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
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

// pokes counts what the sequencer would have heard.
type pokes struct{ n atomic.Int64 }

func (p *pokes) Poke() { p.n.Add(1) }

// twoClocks gives every demand a first response in four hours and a resolution in seven days.
type twoClocks struct{}

func (twoClocks) AskSegments() bool { return false }

func (twoClocks) PlanNext(sla.Demand, time.Time) []sla.NewClock { return nil }

func (twoClocks) Plan(_ sla.Demand, at time.Time) []sla.NewClock {
	clock := func(kind sla.Kind, in time.Duration) sla.NewClock {
		return sla.NewClock{Kind: kind, Policy: "teste", Calendar: sla.Calendar24x7, Amount: 1, Unit: sla.CalendarDays, StartedAt: at,
			Due: at.Add(in), Target: at.Add(in), Warn50: at.Add(in / 2), Warn75: at.Add(in * 3 / 4), Warn90: at.Add(in * 9 / 10)}
	}
	return []sla.NewClock{clock(sla.FirstResponse, 4*time.Hour), clock(sla.Resolution, 7*24*time.Hour)}
}

// office is a database with any number of nodes that take things in.
type office struct {
	testing.TB
	url   string
	db    *postgres.DB
	clock *postgres.Clock
	pokes pokes
}

func newOffice(t testing.TB) *office {
	t.Helper()
	url := pgtest.URL(t)
	db := pgtest.Open(t, url, postgres.Options{MaxConns: 8})
	clock, err := postgres.NewClock(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	return &office{TB: t, url: url, db: db, clock: clock}
}

func (o *office) options() intake.Options {
	return intake.Options{URL: o.url, DB: o.db, Blobs: must(blob.New(o.TempDir())), Planner: twoClocks{}, Calendars: sla.BuiltIn(zone), Poke: &o.pokes, Now: o.clock.Now, Zone: zone, Log: slog.New(slog.DiscardHandler)}
}

// idle makes a node that does not write yet.
func (o *office) idle(change ...func(*intake.Options)) *intake.Intake {
	o.Helper()
	options := o.options()
	for _, c := range change {
		c(&options)
	}
	in, err := intake.New(o.Context(), options)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(in.Close)
	return in
}

// run lets a node write until the test ends.
func (o *office) run(in *intake.Intake) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := in.Run(ctx); err != nil {
			o.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	o.Cleanup(stop)
	return stop
}

func (o *office) node(change ...func(*intake.Options)) *intake.Intake {
	o.Helper()
	in := o.idle(change...)
	o.run(in)
	return in
}

// count reads one number.
func (o *office) count(sql string, args ...any) (n int) {
	o.Helper()
	if err := o.db.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (o *office) exec(sql string, args ...any) {
	o.Helper()
	if _, err := o.db.Pool.Exec(context.Background(), sql, args...); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

// eventually waits for what happens in the background.
func (o *office) eventually(is func() bool) {
	o.Helper()
	late := time.After(30 * time.Second)
	for tick := time.Tick(5 * time.Millisecond); !is(); {
		select {
		case <-tick:
		case <-late:
			o.Fatal("it did not happen")
		}
	}
}

// consistent checks what must hold of whatever was taken in.
func (o *office) consistent() {
	o.Helper()
	for what, sql := range map[string]string{
		"ledger rows without their ticket":     `SELECT count(*) FROM intake_ledger g LEFT JOIN tickets t ON t.id = g.ticket_id WHERE g.fate = 'ticket' AND t.id IS NULL`,
		"tickets that no ledger row accounts":  `SELECT count(*) FROM tickets t LEFT JOIN intake_ledger g ON g.ticket_id = t.id AND g.fate = 'ticket' WHERE g.id IS NULL`,
		"tickets with other than one event v1": `SELECT count(*) FROM tickets t WHERE (SELECT count(*) FROM events e WHERE e.ticket_id = t.id AND e.version = 1) <> 1`,
		"tickets without their first message":  `SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM messages m WHERE m.ticket_id = t.id AND m.version = 1 AND m.search IS NOT NULL)`,
		"tickets whose protocol is not kept":   `SELECT count(*) FROM tickets t LEFT JOIN protocols p ON p.protocol = t.protocol AND p.ticket_id = t.id WHERE p.protocol IS NULL`,
		"tickets without two clocks":           `SELECT count(*) FROM tickets t WHERE (SELECT count(*) FROM clocks c WHERE c.ticket_id = t.id) <> 2`,
		"tickets without a contact":            `SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id WHERE l.ticket_id = t.id)`,
		"customers without any identity":       `SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT FROM identities i WHERE i.customer_id = c.id)`,
		"difference of tallies and ledger rows": `SELECT coalesce(sum(abs(n)), 0) FROM (SELECT sum(n) n FROM (SELECT channel, fate, day, n FROM intake_tallies
			UNION ALL SELECT channel, fate, day, -1 FROM intake_ledger UNION ALL SELECT channel, fate, day, -1 FROM intake_tombstones) x GROUP BY channel, fate, day) y`,
	} {
		if n := o.count(sql); n != 0 {
			o.Errorf("%d %s", n, what)
		}
	}
}

var serial atomic.Int64

// submission is a valid one of a customer that nobody knows.
func submission(edit ...func(*webform.Submission)) webform.Submission {
	n := serial.Add(1)
	s := webform.Submission{
		Name: fmt.Sprintf("Cliente %d", n), Email: fmt.Sprintf("cliente%d@example.com", n), Kind: "reclamacao",
		Subject: "Não recebi o pedido", Body: "Meu pedido 4411 não chegou e ninguém responde no telefone.", Key: fmt.Sprintf("k%d", n),
	}
	for _, e := range edit {
		e(&s)
	}
	return s
}

func checked(t testing.TB, s webform.Submission) channel.Inbound {
	t.Helper()
	in, err := webform.Check(s)
	if err != nil {
		t.Fatalf("%v: %+v", err, fault.From(err).Details)
	}
	return in
}

func TestATicketComesWithEverythingThatBelongsToIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	s := submission(func(s *webform.Submission) {
		s.Phone, s.Document, s.Fields, s.Form = "(11) 98765-4321", "111.444.777-35", map[string]string{"pedido": `44"11`}, "loja"
		s.Files = []channel.File{{Blob: "sha256-x", Name: "nota.pdf", Mime: "application/pdf", Size: 12}}
	})
	r, err := in.Submit(t.Context(), checked(t, s))
	if err != nil {
		t.Fatal(err)
	}
	o.consistent()
	if o.pokes.n.Load() == 0 {
		t.Error("nobody was told")
	}
	tk, err := ticket.Get(t.Context(), o.db.Gorm, r.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	if tk.ID != r.TicketID || tk.Status != ticket.New || tk.Subject != s.Subject || tk.CustomerName != s.Name ||
		tk.CustomerID == nil || tk.WaitingSince == nil || tk.Deadline.Clocks != 2 || tk.Deadline.Clock != "first_response" {
		t.Errorf("ticket %+v", tk)
	}
	if r.AnswerBy == nil || !r.AnswerBy.Equal(*tk.Deadline.Due) {
		t.Errorf("answer by %v, due %v", r.AnswerBy, tk.Deadline.Due)
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE customer_id = $1 AND verified_at IS NULL`, *tk.CustomerID); n != 3 {
		t.Errorf("%d identities", n)
	}
	if n := o.count(`SELECT count(*) FROM attachments a JOIN messages m ON m.id = a.message_id WHERE a.ticket_id = $1 AND length(a.token) >= 26`, tk.ID); n != 1 {
		t.Errorf("%d files", n)
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1 AND search @@ to_tsquery('simple', 'pedido & telefon & receb | recebi')`, tk.ID); n != 1 {
		t.Error("the message cannot be found by its words")
	}
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND fields->>'pedido' = '44"11'`, tk.ID); n != 1 {
		t.Error("the form's own answers are lost")
	}
}

// sameRow compares the opening event's row with the ticket as it is read back.
func sameRow(t *testing.T, o *office, id int64) {
	t.Helper()
	tk, err := ticket.ByID(t.Context(), o.db.Gorm, id)
	if err != nil {
		t.Fatal(err)
	}
	var payload []byte
	if err := o.db.Pool.QueryRow(t.Context(), `SELECT payload FROM events WHERE ticket_id = $1 ORDER BY version DESC LIMIT 1`, id).Scan(&payload); err != nil {
		t.Fatal(err)
	}
	var told struct {
		Row  map[string]any
		Data map[string]any
	}
	var fresh map[string]any
	if err := errors.Join(json.Unmarshal(payload, &told), json.Unmarshal(must(json.Marshal(tk.Snapshot())), &fresh)); err != nil {
		t.Fatal(err)
	}
	if len(told.Row) != len(fresh) {
		t.Errorf("the event has %d fields, the row %d", len(told.Row), len(fresh))
	}
	for field, want := range fresh {
		got := told.Row[field]
		// The same instant may be written with or without trailing zeros.
		if a, err := time.Parse(time.RFC3339, fmt.Sprint(got)); err == nil {
			if b, err := time.Parse(time.RFC3339, fmt.Sprint(want)); err == nil && a.Equal(b) {
				continue
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the event says %v, the row %v", field, got, want)
		}
	}
	if told.Data["message_id"] == nil {
		t.Errorf("data %v", told.Data)
	}
}

func TestTheOpeningEventIsTheListRow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	first := submission()
	for name, s := range map[string]webform.Submission{
		"new customer": first,
		"nobody":       submission(func(s *webform.Submission) { s.Name, s.Email = "", "" }),
		"odd text":     submission(func(s *webform.Submission) { s.Subject, s.Name = `"\u0000" <b>&amp;`, "日本\\u0041" }),
	} {
		r, err := in.Submit(t.Context(), checked(t, s))
		if err != nil {
			t.Fatal(name, err)
		}
		sameRow(t, o, r.TicketID)
	}
	o.exec(`UPDATE customers SET legal_priority = 2, name = 'Nome do Cadastro'`)
	r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) { s.Email, s.Name = first.Email, "Outro" })))
	if err != nil {
		t.Fatal(err)
	}
	sameRow(t, o, r.TicketID)
	if n := o.count(`SELECT count(*) FROM tickets t JOIN messages m ON m.ticket_id = t.id
		WHERE t.id = $1 AND t.legal_priority = 2 AND t.customer_name = 'Nome do Cadastro' AND m.author_name = 'Outro'`, r.TicketID); n != 1 {
		t.Error("a known customer's ticket does not carry what is known")
	}
}

func TestAKeyThatComesAgainGetsTheSameReceipt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in, other := o.node(), o.node()
	s := submission()
	first, err := in.Submit(t.Context(), checked(t, s))
	if err != nil {
		t.Fatal(err)
	}
	o.exec(`UPDATE tickets SET next_due = next_due + interval '3 days'`) // whatever happens since
	for _, node := range []*intake.Intake{in, other} {
		again, err := node.Submit(t.Context(), checked(t, s))
		if err != nil || !again.Replayed || again.TicketID != first.TicketID || again.Protocol != first.Protocol ||
			again.LedgerID != first.LedgerID || !again.AnswerBy.Equal(*first.AnswerBy) {
			t.Errorf("first %+v, again %+v, %v", first, again, err)
		}
		if a, b := in.Tokens().Permanent(first.TicketID, first.Protocol), node.Tokens().Permanent(again.TicketID, again.Protocol); a != b {
			t.Error("the repetition got another token")
		}
	}
	s.Body += " E agora?"
	if _, err := in.Submit(t.Context(), checked(t, s)); !errors.Is(err, intake.ErrReused) {
		t.Errorf("another content under the key: %v", err)
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 {
		t.Errorf("%d tickets", n)
	}
	o.consistent()
}

func TestTheSameKeyTwiceInOneGroupIsOneTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	s := submission()
	changed := s
	changed.Body = "Outro texto."
	var all sync.WaitGroup
	var fresh, replayed, reused atomic.Int64
	for i := range 20 {
		m := checked(t, s)
		if i%5 == 4 {
			m = checked(t, changed)
		}
		all.Go(func() {
			r, err := in.Submit(t.Context(), m)
			switch {
			case errors.Is(err, intake.ErrReused):
				reused.Add(1)
			case err != nil:
				t.Error(err)
			case r.Replayed:
				replayed.Add(1)
			default:
				fresh.Add(1)
			}
		})
	}
	o.run(in)
	all.Wait()
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 || fresh.Load() != 1 || fresh.Load()+replayed.Load()+reused.Load() != 20 || reused.Load() == 0 {
		t.Errorf("%d tickets, %d fresh, %d replayed, %d reused", n, fresh.Load(), replayed.Load(), reused.Load())
	}
	o.consistent()
}

func TestEveryFaultHasItsText(t *testing.T) {
	t.Parallel()
	for _, f := range []*fault.Error{intake.ErrBusy, intake.ErrStopped, intake.ErrUnconfirmed, intake.ErrReused, intake.ErrRefused,
		intake.ErrExhausted, intake.ErrNotFound, intake.ErrSettled, intake.ErrCursor, intake.ErrFate, intake.ErrDenied, webform.ErrInvalid} {
		if !i18n.Has("error." + f.Code) {
			t.Errorf("no text for %s", f.Code)
		}
	}
}

func TestTheKindsOfTheFormAreThoseOfTickets(t *testing.T) {
	t.Parallel()
	for i, k := range ticket.Kinds {
		if i >= len(webform.Kinds) || webform.Kinds[i] != string(k) {
			t.Fatalf("tickets have %v, the form %v", ticket.Kinds, webform.Kinds)
		}
	}
}
