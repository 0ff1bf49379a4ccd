package retention_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// recorded adds a call about a ticket, attended then, with a recording of ninety days.
func (a *archive) recorded(tk ticket.Ticket, at time.Time) (recording int64) {
	a.Helper()
	var contact int64
	err := a.db.Pool.QueryRow(a.Context(), "INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id").Scan(&contact)
	if err == nil {
		a.exec("INSERT INTO ticket_contacts VALUES ($1, $2)", tk.ID, contact)
		a.exec("INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, started_at, ended_at) VALUES ($1, $2, $2, $3, '0800', $4, $4)",
			contact, tk.ID, tk.Protocol, at)
		err = a.db.Pool.QueryRow(a.Context(), "INSERT INTO recordings (contact_id, blob, retain_until) VALUES ($1, 'abc', $2) RETURNING id",
			contact, at.Add(90*24*time.Hour)).Scan(&recording)
	}
	if err != nil {
		a.Fatal(err)
	}
	return recording
}

// A recording goes on the day after its ninetieth, not before, and not while
// somebody waits for a copy or holds its ticket; the ticket stays.
func TestARecordingGoesBeforeItsRecord(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	attended := noon(2023, 6, 1)
	tk := a.ended(attended, ticket.Ticket{})
	asked := a.ended(attended, ticket.Ticket{})
	held := a.ended(attended, ticket.Ticket{})
	one, waits, kept := a.recorded(tk, attended), a.recorded(asked, attended), a.recorded(held, attended)
	a.exec("INSERT INTO recording_requests (recording_id, asked_at) VALUES ($1, now())", waits)
	if _, err := a.HoldTicket(t.Context(), a.admin, held.Protocol, "Processo 3"); err != nil {
		t.Fatal(err)
	}
	there := func(id int64) bool {
		return a.count("SELECT count(*) FROM recordings WHERE id = $1 AND erased_at IS NULL AND blob = 'abc'", id) == 1
	}
	last := brazil.DateOf(attended, zone).AddDays(90)
	a.at(last.In(zone).Add(23 * time.Hour))
	a.on()
	a.round()
	if !there(one) {
		t.Error("gone on the last day")
	}
	a.at(last.AddDays(1).In(zone).Add(time.Hour))
	a.round()
	if there(one) || !there(waits) || !there(kept) || !a.there(tk.ID) {
		t.Errorf("there: %v %v %v, the ticket %v", there(one), there(waits), there(kept), a.there(tk.ID))
	}
	a.whole()
}

// A record is purged if and only if every rule that applies has ended, and nobody
// holds it: against the rules drawn, by another reckoning than the program's.
func TestARecordGoesIfAndOnlyIfEveryRuleHasEnded(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.on()
	today := time.Date(2024, 3, 15, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		a.exec("DELETE FROM retention_rules WHERE id NOT IN (SELECT coalesce(rule_id, 0) FROM retention_changes)")
		applies, ends := false, true
		ended := today.AddDate(0, 0, -rapid.IntRange(1, 60).Draw(r, "ended")).Add(15 * time.Hour)
		opened := ended.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(r, "opened"))
		kind := rapid.SampledFrom([]ticket.Kind{"reclamacao", "duvida"}).Draw(r, "kind")
		for i := range rapid.IntRange(0, 4).Draw(r, "rules") {
			days, active := rapid.IntRange(1, 70).Draw(r, "days"), rapid.Bool().Draw(r, "active")
			since := rapid.SampledFrom([]string{"opened", "resolved", "last_contact"}).Draw(r, "since")
			kinds := rapid.SampledFrom([][]ticket.Kind{{}, {"reclamacao"}, {"duvida", "elogio"}}).Draw(r, "kinds")
			walled := rapid.SampledFrom([]*bool{nil, new(bool)}).Draw(r, "walled")
			a.exec(`INSERT INTO retention_rules (key, name, position, subject, since, amount, unit, kinds, walled, evidence, active)
				VALUES ($1, 'x', 1, 'record', $2, $3, 'days', $4, $5, 'own', $6)`, fmt.Sprintf("r%d", i), since, days, kinds, walled, active)
			if !active || len(kinds) > 0 && !slices.Contains(kinds, kind) {
				continue
			}
			from := opened
			if since == "resolved" {
				from = ended
			}
			applies = true
			if gone := today.Sub(from.Truncate(24*time.Hour)) / (24 * time.Hour); int(gone) <= days {
				ends = false
			}
		}
		tk := a.ended(ended, ticket.Ticket{Kind: kind, OpenedAt: opened})
		held := rapid.IntRange(0, 3).Draw(r, "held") == 0
		if held {
			a.exec("INSERT INTO retention_holds (ticket_id, reason, by, since) VALUES ($1, 'x', $2, now())", tk.ID, a.admin.AccountID)
		}
		a.round()
		if want := !applies || !ends || held; a.there(tk.ID) != want {
			r.Fatalf("kept %v, want %v (applies %v, ended %v, held %v)", a.there(tk.ID), want, applies, ends, held)
		}
		if n := a.count("SELECT count(*) FROM tickets WHERE id = $1", tk.ID); n == 1 {
			a.exec("UPDATE tickets SET status = 'open' WHERE id = $1", tk.ID) // out of the next one's way
		}
	})
	a.whole()
}

// What came in and became no ticket goes by its own rule, and does not come back.
func TestStraysGoByTheirOwnRule(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.exec("UPDATE retention_rules SET active = true WHERE key IN ('strays', 'originals')")
	a.exec(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, day, received_at) SELECT 'email', 'k' || f, '', 'x', f, '2020-01-01', '2020-01-01'
		FROM unnest('{automatic,duplicate,discarded,quarantined}'::text[]) f`)
	a.exec(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, day, received_at) VALUES ('email', 'new', '', 'x', 'automatic', '2024-01-01', '2024-01-01')`)
	tk := a.ended(noon(2021, 6, 1), ticket.Ticket{Walled: true, Channel: "ombudsman"})
	a.exec(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, ticket_id, day) VALUES ('ombudsman', 'o', '', 'x', 'ticket', $1, '2021-01-01')`, tk.ID)
	e, err := a.Preview(t.Context(), access.Actor{AccountID: a.admin.AccountID, Role: access.Ombudsman}, nil)
	if err != nil || e.Strays != 3 || e.Originals != 1 || e.Records != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	a.on()
	a.round()
	if n := a.count("SELECT count(*) FROM intake_ledger WHERE ticket_id IS NULL"); n != 2 {
		t.Errorf("%d are left", n)
	}
	if n := a.count("SELECT count(*) FROM intake_ledger WHERE ticket_id IS NOT NULL AND raw IS NULL AND purged_at IS NOT NULL"); n != 1 || !a.there(tk.ID) {
		t.Errorf("%d originals are erased; the ticket is there: %v", n, a.there(tk.ID))
	}
	runs, err := a.Runs(t.Context(), a.admin)
	if err != nil || runs[0].Removed[retention.Stray] != 3 || runs[0].Removed[retention.Original] != 0 {
		t.Errorf("%+v, %v", runs, err)
	}
	a.whole()
}
