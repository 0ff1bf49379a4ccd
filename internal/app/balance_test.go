package app_test

import (
	"context"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
)

// settled is nil when nothing is on its way any more: all that came in has its
// fate, and all that goes out has gone. It bears the loss of the database.
func settled(ctx context.Context, db *pgxpool.Pool) error {
	var pending, jobs, out int
	err := db.QueryRow(ctx, `SELECT (SELECT count(*) FROM intake_ledger WHERE fate = 'pending'),
		(SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')),
		(SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))`).Scan(&pending, &jobs, &out)
	if err == nil && pending+jobs+out > 0 {
		err = fmt.Errorf("%d pending in the ledger, %d jobs, %d mails to go out", pending, jobs, out)
	}
	return err
}

// fetched is nil when the ledger has as many mails as were handed over.
func (w *writers) fetched(db *pgxpool.Pool) error {
	var mails int
	if err := db.QueryRow(w.t.Context(), `SELECT count(*) FROM intake_ledger WHERE channel = 'email'`).Scan(&mails); err != nil {
		return err
	}
	if n := w.count(); mails < n {
		return fmt.Errorf("%d of %d mails are in the ledger", mails, n)
	}
	return nil
}

// calm waits until nothing is on its way any more and everybody has answered. Its
// patience ends when nothing has moved for so long.
func calm(t testing.TB, db *pgxpool.Pool, w *writers, x *exchange, patience time.Duration) {
	t.Helper()
	began := time.Now()
	moved, last := began, ""
	for {
		still := x.idle()
		if still == nil {
			still = settled(t.Context(), db)
		}
		if still == nil {
			still = w.fetched(db)
		}
		if still != nil && still.Error() != last {
			moved, last = time.Now(), still.Error()
		}
		switch {
		case still == nil && x.idle() == nil:
			t.Logf("all was settled after %v", time.Since(began).Round(time.Millisecond))
			return
		case time.Since(moved) > patience:
			t.Fatalf("nothing has moved for %v: still %v", patience, still)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// timePasses ends, while no server runs, the times that a crash makes others
// wait: of arrivals and mailboxes that a dead process had taken, of jobs that it
// had begun, of mails that are tried again later.
func timePasses(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`UPDATE intake_ledger SET next_try = now() WHERE fate = 'pending'`,
		`UPDATE mailbox_cursors SET lease_until = '-infinity'`,
		`UPDATE river_job SET state = 'available' WHERE state = 'running'`,
		`UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state IN ('retryable', 'scheduled')`,
		`UPDATE outbox SET next_try = now() WHERE state = 'queued'`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// balanced adds the ledger up: its rows are the tallies, by channel, day and
// fate; received is accounted plus pending, and nothing is pending.
func balanced(t testing.TB, s *server, db *pgxpool.Pool, who colleague) {
	t.Helper()
	var wrong, rows int
	query(t, db, `SELECT count(*) FROM (
		  SELECT channel, fate, n FROM (SELECT channel, fate, count(*)::bigint AS n FROM intake_ledger GROUP BY channel, fate) l
		  FULL JOIN (SELECT channel, fate, sum(n)::bigint AS n FROM intake_tallies GROUP BY channel, fate HAVING sum(n) <> 0) y USING (channel, fate, n)
		   WHERE l.n IS NULL OR y.n IS NULL) d`, nil, &wrong)
	query(t, db, `SELECT count(*) FROM intake_ledger`, nil, &rows)
	if wrong > 0 {
		t.Errorf("%d sums of the ledger are not those of its tallies", wrong)
	}
	summed(t, s, who, rows)
}

// entry is what the ledger says became of a mail.
type entry struct {
	id              int64
	fate, reason    string
	ticket, message *int64
}

var keyOf = regexp.MustCompile(`(?mi)^Message-ID: <([^@>]+)@casa\.example>`)

// kept looks in the database for every mail that was taken over: each stands in
// the ledger once and is one message, or one mail in the drawer; an answer is on
// the ticket of what it answers. And nothing else came by mail.
func (w *writers) kept(db *pgxpool.Pool) {
	w.t.Helper()
	found := map[string]entry{}
	rows, err := db.Query(w.t.Context(), `SELECT l.id, l.raw, l.fate, l.reason, l.ticket_id, l.message_id FROM intake_ledger l WHERE channel = 'email'`)
	if err != nil {
		w.t.Fatal(err)
	}
	var raw []byte
	var e entry
	_, err = pgx.ForEachRow(rows, []any{&e.id, &raw, &e.fate, &e.reason, &e.ticket, &e.message}, func() error {
		key := keyOf.FindSubmatch(raw)
		if key == nil {
			return fmt.Errorf("entry %d of the ledger is nobody's mail", e.id)
		}
		if _, twice := found[string(key[1])]; twice {
			w.t.Errorf("%s is in the ledger twice", key[1])
		}
		found[string(key[1])] = e
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	said := texts(w.t, db, "in")
	tickets := ticketsOfMails(w.t, db)
	lost, doubled, drawer := 0, 0, 0
	for key, l := range w.accepted {
		e, ok := found[key]
		n := said[key]
		want := "ticket"
		if l.answers != "" {
			want = "reply"
		}
		switch {
		case !ok:
			lost++
			w.t.Errorf("%s was taken over and is not in the ledger", key)
		case e.fate == "quarantined" && e.reason == "poison" && n == 0:
			drawer++ // it was read whenever the server was killed
		case n > 1:
			doubled++
			w.t.Errorf("%s is %d messages", key, n)
		case e.fate != want || n != 1 || e.ticket == nil || e.message == nil:
			w.t.Errorf("%s became %s (%s) with %d messages", key, e.fate, e.reason, n)
		case l.answers != "" && tickets[bare(l.answers)] != *e.ticket:
			w.t.Errorf("%s answers a mail of ticket %d and is on ticket %d", key, tickets[bare(l.answers)], *e.ticket)
		}
	}
	if len(found) != len(w.accepted) {
		w.t.Errorf("%d mails were taken over, the ledger has %d", len(w.accepted), len(found))
	}
	w.t.Logf("%d mails, %d handed over more than once (%v): %d lost, %d doubled, %d in the drawer",
		len(w.accepted), w.again, w.trouble, lost, doubled, drawer)
}

// texts counts how often each text stands on a ticket.
func texts(t testing.TB, db *pgxpool.Pool, direction string) map[string]int {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT btrim(body, E' \r\n'), count(*) FROM messages WHERE direction = $1 GROUP BY 1`, direction)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	var text string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&text, &n}, func() error { said[text] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return said
}

// ticketsOfMails says of which ticket each mail of ours is.
func ticketsOfMails(t testing.TB, db *pgxpool.Pool) map[string]int64 {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT mail_id, ticket_id FROM outbox WHERE mail_id IS NOT NULL AND ticket_id IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]int64{}
	var id string
	var ticket int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &ticket}, func() error { of[id] = ticket; return nil }); err != nil {
		t.Fatal(err)
	}
	return of
}

// bare is a Message-ID as the outbox writes it.
func bare(id string) string { return strings.ToLower(strings.Trim(id, "<> ")) }

func decoded(subject string) (string, error) { return new(mime.WordDecoder).DecodeHeader(subject) }

// kept looks for every reply of the agent: what was confirmed is one message, the
// rest at most one, and each message is one mail of the outbox.
func (x *exchange) kept(db *pgxpool.Pool) {
	x.t.Helper()
	said := texts(x.t, db, "out")
	for text, confirmed := range x.replies {
		n := said[text]
		delete(said, text)
		if n > 1 || confirmed && n == 0 {
			x.t.Errorf("%q (confirmed: %v) is %d messages", text, confirmed, n)
		}
	}
	var without int
	query(x.t, db, `SELECT count(*) FROM messages m WHERE direction = 'out'
		AND (SELECT count(*) FROM outbox o WHERE o.message_id = m.id AND o.purpose = 'reply') <> 1`, nil, &without)
	if without > 0 || len(said) > 0 {
		x.t.Errorf("%d replies are not one mail each, %d are nobody's", without, len(said))
	}
	x.t.Logf("%d replies, %d of them confirmed", len(x.replies), x.count())
}

// handedOverOnce compares the sink with the outbox: each mail that was sent is
// there, and once. A second copy is allowed only where the outbox says that the
// mail was handed over again, because its node died before it could note the
// answer.
func handedOverOnce(t testing.TB, db *pgxpool.Pool, sink *sinktest.Sink) {
	t.Helper()
	copies := map[string]int{}
	for _, m := range sink.Mails() {
		copies[bare(m.MessageID)]++
	}
	rows, err := db.Query(t.Context(), `SELECT mail_id, state, reason, attempts FROM outbox WHERE way = 'email'`)
	if err != nil {
		t.Fatal(err)
	}
	known, twice := 0, 0
	var id, state, reason string
	var attempts int
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &reason, &attempts}, func() error {
		n := copies[id]
		delete(copies, id)
		switch {
		case state == "suppressed" && n == 0:
		case state != "sent":
			t.Errorf("a mail is %s (%s) in the end, and %d copies of it are at the sink", state, reason, n)
		case n == 0:
			t.Errorf("%s is sent and never came", id)
		case n > attempts:
			t.Errorf("%s came %d times in %d tries", id, n, attempts)
		case n > 1:
			twice++
		}
		known++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(copies) > 0 {
		t.Errorf("%d mails came to the sink that the outbox does not know", len(copies))
	}
	t.Logf("%d mails of ours at the sink, %d rows of the outbox, %d handed over twice after an unknown answer", len(sink.Mails()), known, twice)
}
