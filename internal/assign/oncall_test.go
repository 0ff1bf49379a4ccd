package assign_test

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Whoever is on the telephone about a ticket keeps it without typing; when the
// call is over the lease runs out as any.
func TestACallKeepsTheLease(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	open := func(who int64) ticket.Ticket {
		tk := tickettest.Open(t, f.db, ticket.Ticket{Channel: "phone"})
		f.sql(t, `WITH c AS (INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id),
			l AS (INSERT INTO ticket_contacts SELECT ?, id FROM c)
			INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, agent_id, started_at) SELECT id, ?, ?, ?, '0800', ?, now() FROM c`,
			tk.ID, tk.ID, tk.ID, tk.Protocol, who)
		return tk
	}
	hers, silent, another := open(f.ana.AccountID), tickettest.Open(t, f.db, ticket.Ticket{}), open(f.bruno.AccountID)
	for _, tk := range []ticket.Ticket{hers, silent, another} {
		if _, _, err := f.s.Claim(t.Context(), f.ana, tk.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	left := func(tk ticket.Ticket) time.Duration { return time.Until(*tickettest.Fresh(t, f.db, tk.ID).LeaseUntil) }
	turn := func() {
		t.Helper()
		for _, tk := range []ticket.Ticket{hers, silent, another} {
			f.runOut(t, tk.ID)
		}
		if err := assign.KeepOnCall(f.s, t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	turn()
	if left(hers) < ticket.LeaseTime-10*time.Second || left(silent) > 0 || left(another) > 0 {
		t.Errorf("left: on the call %s, without one %s, of another's call %s", left(hers), left(silent), left(another))
	}
	if _, _, err := f.s.Claim(t.Context(), f.bruno, hers.ID, nil); err == nil {
		t.Error("a rival got it during the call")
	}
	f.sql(t, "UPDATE calls SET duration = 30 WHERE agent_id = ?", f.ana.AccountID)
	turn()
	if left(hers) > 0 {
		t.Errorf("after the call %s are left", left(hers))
	}
	f.sql(t, "UPDATE calls SET duration = NULL, updated_at = now() - interval '3 hours' WHERE agent_id = ?", f.ana.AccountID)
	turn()
	if left(hers) > 0 {
		t.Errorf("of a forgotten note %s are left", left(hers))
	}
}
