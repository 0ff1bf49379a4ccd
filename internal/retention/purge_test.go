package retention_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestNothingIsPurgedUntilSomebodySwitchesItOnWithTheCountBeforeThem(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	old := a.ended(noon(2021, 3, 1), ticket.Ticket{})
	a.round()
	if !a.there(old.ID) {
		t.Fatal("purged although nobody has switched it on")
	}
	if _, err := a.Switch(t.Context(), a.admin, true, ""); !errors.Is(err, retention.ErrStale) {
		t.Errorf("switched on unseen: %v", err)
	}
	e, err := a.Preview(t.Context(), a.admin, nil)
	if err != nil || e.Records != 1 || e.Oldest == nil || !e.Oldest.Equal(old.OpenedAt) {
		t.Fatalf("%+v, %v", e, err)
	}
	second := a.ended(noon(2021, 3, 2), ticket.Ticket{})
	if _, err := a.Switch(t.Context(), a.admin, true, e.Seen); !errors.Is(err, retention.ErrStale) {
		t.Errorf("switched on although more would go than was shown: %v", err)
	}
	a.on()
	a.round()
	if a.there(old.ID) || a.there(second.ID) {
		t.Error("still there after its time")
	}
	if n := a.count("SELECT count(*) FROM protocols WHERE protocol = $1", old.Protocol); n != 1 {
		t.Error("the protocol can be given again")
	}
	a.whole()
	runs, err := a.Runs(t.Context(), a.admin)
	if err != nil || len(runs) == 0 || runs[0].Removed[retention.Record] != 2 {
		t.Fatalf("%+v, %v", runs, err)
	}
	_, proofs, err := a.Report(t.Context(), a.admin, runs[0].ID)
	if err != nil || len(proofs) != 2 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	var told retention.Removal
	if err := json.Unmarshal(proofs[0].Content, &told); err != nil || !slices.Contains(told.Protocols, old.Protocol) || told.Kept != "2023-03-01" ||
		told.Rows["tickets"] != 1 || told.Rows["events"] != 1 || told.Rules[0].Rule != "sac_record" {
		t.Errorf("%s, %v", proofs[0].Content, err)
	}
}

func TestWhatHasToBeKeptIsNotPurged(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	boss := a.admin
	long := noon(2019, 1, 1)
	kept := map[string]ticket.Ticket{
		"the last day":     a.ended(noon(2022, 3, 15), ticket.Ticket{}),
		"held":             a.ended(long, ticket.Ticket{}),
		"behind the wall":  a.ended(long, ticket.Ticket{Walled: true, Channel: "ombudsman"}),
		"touched just now": a.ended(long, ticket.Ticket{}),
		"a mail to go out": a.ended(long, ticket.Ticket{}),
		"a promise":        a.ended(long, ticket.Ticket{}),
		"a step to come":   a.ended(long, ticket.Ticket{}),
	}
	if _, err := a.HoldTicket(t.Context(), boss, kept["held"].Protocol, "Processo 1"); err != nil {
		t.Fatal(err)
	}
	a.numbered()
	a.exec("UPDATE tickets SET updated_at = '2021-01-01' WHERE id = $1", kept["held"].ID)
	a.exec("UPDATE tickets SET updated_at = now() WHERE id = $1", kept["touched just now"].ID)
	a.exec("INSERT INTO outbox (way, purpose, key, ticket_id, recipient, envelope) VALUES ('email', 'reply', 'x', $1, 'a@b.example', '{}')", kept["a mail to go out"].ID)
	a.exec("INSERT INTO commitments (ticket_id, author_id, owner_id, text, due, created_at) VALUES ($1, $2, $2, 'x', now(), now())", kept["a promise"].ID, a.admin.AccountID)
	a.exec(`WITH c AS (INSERT INTO clocks (ticket_id, kind, policy, calendar, amount, unit, roll, pauses, state, started_at, due, target, warn50, warn75, warn90)
		VALUES ($1, 'resolution', 'x', 'br', 1, 'calendar_days', false, false, 'met', now(), now(), now(), now(), now(), now()) RETURNING id)
		INSERT INTO escalations (clock_id, ticket_id, rung_id, stage, after, act, at) SELECT c.id, $1, r.id, r.stage, 0, r.act, now()
		FROM c, (SELECT * FROM escalation_rungs LIMIT 1) r`, kept["a step to come"].ID)
	reopened := a.ended(long, ticket.Ticket{})
	a.exec("UPDATE tickets SET status = 'open' WHERE id = $1", reopened.ID)
	kept["reopened"] = reopened
	goes := a.ended(noon(2022, 3, 14), ticket.Ticket{})
	a.on()
	e, err := a.Preview(t.Context(), a.admin, nil)
	if err != nil || e.Records != 1 || e.Held != 1 || e.Waiting != 4 {
		t.Errorf("%+v, %v", e, err)
	}
	if !slices.Contains(e.Shown, retention.Instance{Fate: retention.Goes, Protocol: goes.Protocol, Ended: *goes.ResolvedAt, Kept: date(noon(2024, 3, 14)),
		Rule: "SAC: registro do atendimento"}) || !slices.ContainsFunc(e.Shown, func(i retention.Instance) bool {
		return i.Fate == retention.Held && i.Protocol == kept["held"].Protocol
	}) || len(e.Shown) != 6 {
		t.Errorf("shown: %+v", e.Shown)
	}
	a.round()
	for why, tk := range kept {
		if !a.there(tk.ID) {
			t.Errorf("purged: %s", why)
		}
	}
	if a.there(goes.ID) {
		t.Error("not purged on the day after the last")
	}
	holds, err := a.Holds(t.Context(), boss, false)
	if err != nil || len(holds) != 1 {
		t.Fatalf("%+v, %v", holds, err)
	}
	if _, err := a.Lift(t.Context(), boss, holds[0].ID, "Arquivado"); err != nil {
		t.Fatal(err)
	}
	a.numbered()
	a.exec("UPDATE tickets SET updated_at = '2021-01-01' WHERE id = $1", kept["held"].ID)
	a.round()
	if a.there(kept["held"].ID) {
		t.Error("kept although the hold was lifted")
	}
	a.whole()
}

// A hold on a customer keeps what is theirs, also when their record has become
// part of another.
func TestAHoldOnACustomerGoesWithThem(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	was, is := int64(0), int64(0)
	for _, id := range []*int64{&was, &is} {
		if err := a.db.Pool.QueryRow(t.Context(), "INSERT INTO customers (name) VALUES ('Ana') RETURNING id").Scan(id); err != nil {
			t.Fatal(err)
		}
	}
	tk := a.ended(noon(2019, 1, 1), ticket.Ticket{CustomerID: &was})
	h, err := a.HoldCustomer(t.Context(), a.admin, was, "Processo 2")
	if err != nil {
		t.Fatal(err)
	}
	a.exec("UPDATE customers SET merged_into = $1 WHERE id = $2", is, was)
	a.exec("UPDATE tickets SET customer_id = $1 WHERE id = $2", is, tk.ID)
	a.on()
	a.round()
	if !a.there(tk.ID) {
		t.Fatal("purged although its customer is held")
	}
	standing, err := a.Of(t.Context(), a.admin, tk.Protocol)
	if err != nil || len(standing.Holds) != 1 || standing.Holds[0].ID != h.ID {
		t.Errorf("%+v, %v", standing, err)
	}
	if _, err := a.Lift(t.Context(), a.admin, h.ID, "Fim"); err != nil {
		t.Fatal(err)
	}
	a.round()
	if a.there(tk.ID) || a.count("SELECT count(*) FROM customers") != 0 {
		t.Error("something of a customer is left whom nothing is known of any more")
	}
}

// Several nodes that purge at once, some of which die in the middle, remove each
// record once, and each has its proof.
func TestNodesThatDieInTheMiddleLeaveNothingHalfRemoved(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	const n = 30
	for range n {
		a.ended(noon(2019, 1, 1), ticket.Ticket{})
	}
	a.on()
	a.exec("INSERT INTO retention_runs (day, asked_by, begun_at) VALUES ('2030-01-01', $1, now())", a.admin.AccountID)
	for left := n; left > 0; left = a.count("SELECT count(*) FROM tickets") {
		var killed sync.WaitGroup
		for range 3 {
			killed.Go(func() {
				// What kills a process between two statements ends its connection: the same to PostgreSQL as this.
				_ = a.node().Round(t.Context())
			})
		}
		killed.Go(func() {
			a.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")
		})
		killed.Wait()
	}
	if proofs := a.count("SELECT count(*) FROM retention_proofs"); proofs != n {
		t.Errorf("%d proofs of %d records", proofs, n)
	}
	if half := a.count("SELECT count(*) FROM events WHERE kind <> 'ticket.erased'"); half != 0 {
		t.Errorf("%d events of tickets that are gone tell something", half)
	}
	a.whole()
}

func TestAProofThatIsMissingOrAnotherShows(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	for range 3 {
		a.ended(noon(2019, 1, 1), ticket.Ticket{})
	}
	a.on()
	a.round()
	a.whole()
	for seq, sql := range map[int64]string{
		1: `UPDATE retention_proofs SET content = replace(content, 'record', 'Record') WHERE seq = 1`,
		2: `DELETE FROM retention_proofs WHERE seq = 2`,
		3: `DELETE FROM retention_proofs WHERE seq = 3`,
	} {
		var v retention.Verified
		tx, err := a.db.Pool.Begin(t.Context())
		if err == nil {
			_, err = tx.Exec(t.Context(), sql)
		}
		if err == nil {
			v, err = retention.Verify(t.Context(), tx)
		}
		if err != nil || v.Whole || v.Seq != seq {
			t.Errorf("%s: %+v, %v", sql, v, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// What stands behind the wall tells the desk nothing: no count, no proof, no place
// in a chain; and what accuses somebody is shown to nobody.
func TestAttack050WhatWasPurgedBehindTheWallIsNotSeenFromOutside(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.exec("UPDATE retention_rules SET active = true WHERE key = 'ombudsman_record'")
	a.ended(noon(2014, 1, 1), ticket.Ticket{Walled: true, Channel: "ombudsman"})
	a.ended(noon(2014, 1, 1), ticket.Ticket{Walled: true, Channel: "ombudsman", Barred: access.Barred(fmt.Sprintf("a%d", a.admin.AccountID))})
	a.ended(noon(2014, 1, 1), ticket.Ticket{})
	office := access.Actor{AccountID: a.admin.AccountID, Role: access.Ombudsman}
	stranger := access.Actor{AccountID: a.admin.AccountID, Role: access.Supervisor, Teams: []int64{77}}
	a.on()
	for who, want := range map[*access.Actor]int{&a.admin: 1, &office: 2, &stranger: 0} { // office is accused
		if e, err := a.Preview(t.Context(), *who, nil); err != nil || e.Records != want {
			t.Errorf("%s is told of %d records, %v", who.Role, e.Records, err)
		}
	}
	a.round()
	for who, want := range map[*access.Actor]int{&a.admin: 1, &office: 2, &stranger: 0} {
		runs, err := a.Runs(t.Context(), *who)
		if err != nil || runs[0].Removed[retention.Record] != want {
			t.Errorf("%s is told of %+v, %v", who.Role, runs, err)
		}
		_, proofs, err := a.Report(t.Context(), *who, runs[0].ID)
		if err != nil || len(proofs) != want {
			t.Errorf("%s is shown %d proofs, %v", who.Role, len(proofs), err)
		}
	}
	a.whole()
}

func TestTermsEndAsTheCivilCodeSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, until string
		term        retention.Term
	}{
		{"2026-11-22", "2027-02-20", retention.Term{Amount: 90, Unit: retention.Days}},
		{"2027-03-01", "2029-03-01", retention.Term{Amount: 2, Unit: retention.Years}},
		{"2028-02-29", "2030-03-01", retention.Term{Amount: 2, Unit: retention.Years}},
		{"2026-11-22", "2031-11-22", retention.Term{Amount: 5, Unit: retention.Years}},
		{"2027-01-31", "2027-03-01", retention.Term{Amount: 1, Unit: retention.Months}},
		{"2028-01-30", "2028-03-01", retention.Term{Amount: 1, Unit: retention.Months}},
		{"2028-02-29", "2032-02-29", retention.Term{Amount: 4, Unit: retention.Years}},
		{"2026-11-30", "2027-03-01", retention.Term{Amount: 3, Unit: retention.Months}},
		{"2026-12-31", "2031-12-31", retention.Term{Amount: 60, Unit: retention.Months}},
	} {
		from, err := time.Parse(time.DateOnly, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if until := c.term.After(date(from)); until.String() != c.until {
			t.Errorf("%s and %+v: %s, want %s", c.from, c.term, until, c.until)
		}
	}
}
