package desk_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// ladder gives every regime these steps.
func (o office) ladder(t *testing.T, steps ...sla.Rung) {
	t.Helper()
	rules := sla.NewRules(o.db, o.policies, o.now)
	regimes, err := rules.Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	admin := tickettest.Account(t, o.db, access.Admin)
	for _, r := range regimes {
		if _, err := rules.KeepLadder(t.Context(), admin.AccountID, r.ID, r.Version, steps); err != nil {
			t.Fatal(err)
		}
	}
}

// reach lets the first response of a ticket pass a stage, as the timers record it.
func (o office) reach(t *testing.T, id int64, stage int) {
	t.Helper()
	column := map[int]string{50: "warn50", 75: "warn75", 90: "warn90", 100: "due"}[stage]
	clock := o.count(t, "UPDATE clocks SET "+column+" = now() - interval '1 second' WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", id)
	if _, err := o.s.Record(t.Context(), []sla.Due{{ClockID: clock, TicketID: id}}); err != nil {
		t.Fatal(err)
	}
}

// climb lets some nodes look for steps at once, and gives what was told.
func (o office) climb(t *testing.T) (told []desk.Escalated, kinds []string) {
	t.Helper()
	events := tickettest.Replay(t, o.db, func() {
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				if _, err := o.s.ClimbDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
	})
	for _, e := range events {
		var payload struct{ Data desk.Escalated }
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		told, kinds = append(told, payload.Data), append(kinds, e.Kind)
	}
	return told, kinds
}

func TestALadderIsClimbedStepByStepAndEachStepOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other := tickettest.Account(t, o.db, access.Supervisor, tickettest.Team(t, o.db, "Outra"))
	tickettest.Account(t, o.db, access.Ombudsman)
	tk := o.open(t, ticket.Ticket{AssigneeID: &o.ana.AccountID, Priority: 3})
	for _, step := range []struct {
		stage int
		told  []int64
		kind  string
	}{
		{50, nil, ""}, {75, []int64{o.ana.AccountID}, event.ClockEscalated}, {90, []int64{o.sup.AccountID}, event.ClockEscalated},
		{100, []int64{o.sup.AccountID}, event.TicketEscalated},
	} {
		o.reach(t, tk.ID, step.stage)
		told, kinds := o.climb(t)
		if step.told == nil {
			if len(told) != 0 {
				t.Errorf("at %d: %+v", step.stage, told)
			}
			continue
		}
		if len(told) != 1 || kinds[0] != step.kind || !slices.Equal(told[0].Told, step.told) {
			t.Errorf("at %d: %v %+v, want %v", step.stage, kinds, told, step.told)
		}
		if again, _ := o.climb(t); len(again) != 0 {
			t.Errorf("told again at %d: %+v", step.stage, again)
		}
	}
	if now := tickettest.Fresh(t, o.db, tk.ID); now.Priority != 2 {
		t.Errorf("its priority is %d", now.Priority)
	}
	if n := o.count(t, "SELECT count(*) FROM escalation_told WHERE account_id = ?", other.AccountID); n != 0 {
		t.Error("the supervisor of another team was told")
	}
	if n := o.count(t, "SELECT count(*) FROM escalations WHERE ticket_id = ? AND outcome = 'done'", tk.ID); n != 4 {
		t.Errorf("%d steps done", n)
	}
}

// After a time without any server all stages are recorded at once: everybody is
// told once, and the ticket is made more urgent once.
func TestStepsThatComeTogetherTellEverybodyOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const tickets = 40
	for range tickets {
		tk := o.open(t, ticket.Ticket{AssigneeID: &o.ana.AccountID, Priority: 3})
		o.count(t, `UPDATE clocks SET warn50 = now() - interval '4 hours', warn75 = now() - interval '3 hours', warn90 = now() - interval '2 hours'
			WHERE ticket_id = ? AND kind = 'first_response' RETURNING id`, tk.ID)
		o.reach(t, tk.ID, 100)
	}
	told, kinds := o.climb(t)
	if len(told) != tickets {
		t.Fatalf("%d events for %d tickets: %v", len(told), tickets, kinds)
	}
	for _, e := range told {
		if !slices.Equal(e.Told, []int64{o.ana.AccountID, o.sup.AccountID}) || len(e.Steps) != 4 || len(e.Fields) != 1 {
			t.Errorf("%+v", e)
		}
	}
	if n := o.count(t, "SELECT count(*) FROM tickets WHERE priority <> 2"); n != 0 {
		t.Errorf("%d tickets were not made more urgent by one", n)
	}
}

func TestWhatIsAnsweredOrPausedClimbsNoFurther(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answered, paused := o.open(t, ticket.Ticket{Priority: 3}), o.open(t, ticket.Ticket{Priority: 3})
	o.reach(t, answered.ID, 90)
	o.reach(t, paused.ID, 90)
	if _, _, err := o.s.Reply(t.Context(), o.ana, answered.ID, desk.Reply{Body: "Resolvido."}); err != nil {
		t.Fatal(err)
	}
	o.count(t, "UPDATE clocks SET state = 'paused' WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", paused.ID)
	if told, _ := o.climb(t); len(told) != 0 {
		t.Errorf("%+v", told)
	}
	for id, outcome := range map[int64]string{answered.ID: "ended", paused.ID: "paused"} {
		if n := o.count(t, "SELECT count(*) FROM escalations WHERE ticket_id = ? AND outcome = ?", id, outcome); n != 1 {
			t.Errorf("%d steps %s", n, outcome)
		}
	}
}

// Who is writing the answer may finish it. The step waits for the end of the lease.
func TestATicketIsTakenOffOnlyWhoIsNotAnswering(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	to := tickettest.Team(t, o.db, "Retaguarda")
	o.ladder(t, sla.Rung{Stage: sla.StageDue, After: 30, Act: sla.RiseReassign, Team: &to})
	until := o.now().Add(50 * time.Minute)
	tk := o.open(t, ticket.Ticket{AssigneeID: &o.ana.AccountID, HolderID: &o.ana.AccountID, LeaseUntil: &until})
	o.reach(t, tk.ID, 100)
	for _, moment := range []struct {
		ahead time.Duration
		taken bool
	}{{29 * time.Minute, false}, {31 * time.Minute, false}, {49 * time.Minute, false}, {51 * time.Minute, true}, {52 * time.Minute, true}} {
		o.ahead.Store(int64(moment.ahead))
		told, _ := o.climb(t)
		now := tickettest.Fresh(t, o.db, tk.ID)
		if taken := now.AssigneeID == nil && now.HolderID == nil && now.TeamID == to; taken != moment.taken {
			t.Errorf("after %s: %+v", moment.ahead, now)
		}
		if len(told) > 0 && moment.ahead != 51*time.Minute {
			t.Errorf("after %s: %+v", moment.ahead, told)
		}
	}
	if o.leases.n.Load() != 1 {
		t.Errorf("leases forgotten %d times", o.leases.n.Load())
	}
}

func TestACaseBehindTheWallClimbsInItsOffice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	officer := tickettest.Account(t, o.db, access.Ombudsman)
	tickettest.Account(t, o.db, access.Admin)
	tk := o.open(t, ticket.Ticket{Walled: true, Channel: "ombudsman"})
	o.reach(t, tk.ID, 90)
	told, _ := o.climb(t)
	if len(told) != 1 || !slices.Equal(told[0].Told, []int64{officer.AccountID}) {
		t.Errorf("%+v", told)
	}
}
