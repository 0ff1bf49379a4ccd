package intake_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
)

// outside is who sees every team, inside who also sees behind the wall.
var (
	outside = access.Actor{Role: access.Admin}.Scope()
	inside  = access.Actor{Role: access.Ombudsman}.Scope()
)

func TestTheLedgerIsListedNewestFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	for i := range 23 {
		m := checked(t, submission())
		if i%4 == 0 {
			m.Keep, m.Subject = true, "\x00"
		}
		if _, err := in.Submit(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for fate, want := range map[intake.Fate]int{"": 23, intake.FateTicket: 17, intake.FateQuarantined: 6, intake.FateReply: 0} {
		var ids []int64
		for cursor, pages := "", 0; ; pages++ {
			entries, next, err := in.Ledger(t.Context(), intake.Query{Fate: fate, Cursor: cursor, Limit: 5}, outside)
			if err != nil || pages > 10 {
				t.Fatal(err, pages)
			}
			for _, e := range entries {
				ids = append(ids, e.ID)
				if fate != "" && e.Fate != fate || e.ReceivedAt.IsZero() || (e.TicketID != nil) != (e.Fate == intake.FateTicket) {
					t.Errorf("entry %+v", e)
				}
				if e.Fate == intake.FateQuarantined && e.Reason != "submission_refused" {
					t.Errorf("reason %q", e.Reason)
				}
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(ids) != want || !slices.IsSortedFunc(ids, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("%q lists %v", fate, ids)
		}
	}
	if raw, err := in.Source(t.Context(), int64(o.count(`SELECT min(id) FROM intake_ledger`)), outside); err != nil || !strings.Contains(string(raw), "Não recebi o pedido") {
		t.Errorf("source %q, %v", raw, err)
	}
	if _, err := in.Source(t.Context(), 1<<40, outside); !errors.Is(err, intake.ErrNotFound) {
		t.Error(err)
	}
}

func TestAttack57BadCursorsAndFatesAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	for _, cursor := range []string{"0", "-1", "9e99", "1;drop", "bA", "bC0x", "bDA", strings.Repeat("A", 9999), "%00", "é"} {
		if _, _, err := in.Ledger(t.Context(), intake.Query{Cursor: cursor}, outside); !errors.Is(err, intake.ErrCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
	for _, fate := range []intake.Fate{"x", "ticket' OR '1'='1", "Ticket"} {
		if _, _, err := in.Ledger(t.Context(), intake.Query{Fate: fate}, outside); !errors.Is(err, intake.ErrFate) {
			t.Errorf("%q: %v", fate, err)
		}
	}
	if entries, next, err := in.Ledger(t.Context(), intake.Query{Limit: 1 << 30}, outside); err != nil || next != "" || len(entries) != 0 {
		t.Errorf("an absurd limit: %v %q %v", entries, next, err)
	}
}

func TestTheLedgerShowsNothingFromBehindTheWall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	m := checked(t, submission())
	m.Channel = channel.Ombudsman
	r, err := in.Submit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	sameRow(t, o, r.TicketID)
	if seen, _, err := in.Ledger(t.Context(), intake.Query{}, outside); err != nil || len(seen) != 0 {
		t.Errorf("seen without the right to: %v, %v", seen, err)
	}
	if seen, _, err := in.Ledger(t.Context(), intake.Query{}, inside); err != nil || len(seen) != 1 {
		t.Errorf("seen with it: %v, %v", seen, err)
	}
}

func TestTheSummaryStaysRightWhileTalliesAreFolded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				before, err := in.Summary(t.Context(), intake.Period{}, inside)
				if err != nil {
					t.Error(err)
				}
				if _, err := in.Submit(t.Context(), checked(t, submission())); err != nil {
					t.Error(err)
				}
				after, err := in.Summary(t.Context(), intake.Period{}, inside)
				if err != nil || after.Received <= before.Received || after.Received != after.Accounted+after.Pending {
					t.Errorf("before %+v, after %+v, %v", before, after, err)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 30 {
				if err := intake.FoldTallies(t.Context(), o.db.Pool); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := intake.FoldTallies(t.Context(), o.db.Pool); err != nil {
		t.Fatal(err)
	}
	if n := o.count(`SELECT count(*) FROM intake_tallies`); n != 1 {
		t.Errorf("%d tallies after folding", n)
	}
	s, err := in.Summary(t.Context(), intake.Period{}, inside)
	if err != nil || s.Received != 160 || s.ByFate[intake.FateTicket] != 160 || s.ByChannel[channel.Webform] != 160 {
		t.Errorf("summary %+v, %v", s, err)
	}
	o.consistent()
}

// What a sender says cannot choose what only we decide: there is no field for it,
// and a form's own answers stay answers.
func TestAttack55NothingAboutTheTicketCanBeAssigned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	o.exec(`INSERT INTO teams (name) VALUES ('Outra')`)
	r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) {
		s.Fields = map[string]string{"role": "admin", "team_id": "2", "created_at": "1999-01-01", "protocol": "1", "sla_due": "x", "status": "closed", "version": "9", "walled": "true"}
	})))
	if err != nil {
		t.Fatal(err)
	}
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND team_id = 1 AND status = 'new' AND version = 1 AND NOT walled
		AND opened_at > now() - interval '1 hour' AND fields->>'team_id' = '2'`, r.TicketID); n != 1 {
		t.Error("an answer of a form became a property of the ticket")
	}
	sameRow(t, o, r.TicketID)
}

func TestAttack62TheSameSubmissionTwentyTimesInASecond(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	nodes := []*intake.Intake{o.node(), o.node()}
	s := submission()
	var protocols sync.Map
	var all sync.WaitGroup
	for i := range 20 {
		m := checked(t, s)
		all.Go(func() {
			r, err := nodes[i%2].Submit(t.Context(), m)
			if err != nil {
				t.Error(err)
			}
			protocols.Store(r.Protocol, true)
		})
	}
	all.Wait()
	given := 0
	protocols.Range(func(any, any) bool { given++; return true })
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 || given != 1 {
		t.Errorf("%d tickets, %d protocols", n, given)
	}
	o.consistent()
}

func TestAttack62WithoutAKeyRepetitionsAreMarked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	s := submission(func(s *webform.Submission) { s.Key = "" })
	for range 20 {
		if _, err := in.Submit(t.Context(), checked(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.count(`SELECT count(*) FROM intake_ledger WHERE reason = $1`, intake.ReasonSameContent); n != 19 {
		t.Errorf("%d of 19 repetitions are marked", n)
	}
	o.consistent()
}

func TestWhatIsPendingIsTriedAgainByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	o.exec(`INSERT INTO protocol_days (day, epoch, next) SELECT (now() AT TIME ZONE 'America/Sao_Paulo')::date + d, epoch, 10000000
		FROM event_head, generate_series(0, 1) d`)
	m := checked(t, submission())
	m.Keep = true
	kept, err := in.Submit(t.Context(), m)
	if err != nil || kept.TicketID != 0 {
		t.Fatal(kept, err)
	}
	if err := in.RetryPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Pending != 1 {
		t.Errorf("while there are no numbers: %+v, %v", s, err)
	}
	o.exec(`UPDATE protocol_days SET next = 5 WHERE next = 10000000`) // the next day
	if err := in.RetryPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Pending != 0 || s.ByFate[intake.FateTicket] != 1 {
		t.Errorf("afterwards: %+v, %v", s, err)
	}
	o.consistent()
}
