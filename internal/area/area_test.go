package area_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type quiet struct{}

func (quiet) Poke()                         {}
func (quiet) Forget(context.Context, int64) {}

// aTuesday is when every company's tests begin: reminders after the due instant are
// counted in business days, so the day on which a test happens to run must not matter.
var aTuesday = time.Date(2031, 3, 11, 10, 0, 0, 0, time.UTC)

// company is a database with an agent and an area, under a clock that can be moved.
type company struct {
	t       *testing.T
	db      *postgres.DB
	s       *area.Service
	shift   time.Duration
	ahead   atomic.Int64
	ana     access.Actor
	billing area.Area
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{t: t, db: pgtest.New(t), shift: time.Until(aTuesday)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	work, err := jobs.New(c.db, log)
	c.must(err)
	policies, err := sla.LoadPolicies(t.Context(), c.db.Gorm, sla.BuiltIn(time.UTC))
	c.must(err)
	secret := []byte("a secret of this test that is long enough")
	post := &outbox.Post{IDs: email.NewSigner(secret), Fallback: "atendimento@aroeira.example"}
	acts := desk.New(c.db, policies, work, quiet{}, post, quiet{}, c.now, log)
	c.s = area.New(area.Options{DB: c.db, Desk: acts, Post: post, Calendars: policies.Calendars(), Links: area.NewLinks(secret, "https://sac.aroeira.example"), Now: c.now, Log: log})
	c.ana = tickettest.Account(t, c.db, access.Agent, tickettest.DefaultTeam)
	c.billing, err = c.s.Keep(t.Context(), area.Area{Name: "Cobrança", Emails: []string{"cobranca@aroeira.example"}, Calendar: sla.Calendar24x7,
		Term: sla.Term{Amount: 60, Unit: sla.Minutes}, RemindAt: 75, ChaseEvery: 1, ChaseMost: 2, Active: true})
	c.must(err)
	return c
}

func (c *company) now() time.Time {
	return time.Now().UTC().Add(c.shift + time.Duration(c.ahead.Load())).Truncate(time.Microsecond)
}

func (c *company) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *company) ask(ticketID int64) area.Request {
	c.t.Helper()
	r, err := c.s.Ask(c.t.Context(), c.ana, ticketID, area.Question{AreaID: c.billing.ID, Body: "Confere?"})
	c.must(err)
	return r
}

func (c *company) count(sql string, args ...any) (n int) {
	c.t.Helper()
	c.must(c.db.Gorm.Raw(sql, args...).Scan(&n).Error)
	return n
}

// Time passes, several nodes look at once, and each stage comes once, with one
// mail an address.
func TestAnAreaIsRemindedOfEachStageOnce(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	tk := tickettest.Open(t, c.db, ticket.Ticket{})
	r := c.ask(tk.ID)
	look := func(at time.Duration) {
		c.ahead.Store(int64(at))
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				if _, err := c.s.Chase(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
	}
	for _, step := range []struct {
		at            time.Duration
		stages, mails int
	}{
		{10 * time.Minute, 0, 1}, {46 * time.Minute, 1, 2}, {59 * time.Minute, 1, 2}, {61 * time.Minute, 2, 3},
		{50 * time.Hour, 3, 4}, {10 * 24 * time.Hour, 4, 5}, {60 * 24 * time.Hour, 4, 5},
	} {
		look(step.at)
		stages := c.count("SELECT count(*) FROM area_stages WHERE request_id = ?", r.ID)
		mails := c.count("SELECT count(*) FROM outbox WHERE purpose = 'area'")
		if stages != step.stages || mails != step.mails {
			t.Errorf("after %s: %d stages, %d mails, want %d and %d", step.at, stages, mails, step.stages, step.mails)
		}
	}
	all, err := c.s.Of(t.Context(), tk.ID)
	c.must(err)
	if all[0].OverdueAt == nil || all[0].NextAt != nil || tickettest.Fresh(t, c.db, tk.ID).Status != tk.Status {
		t.Errorf("in the end: %+v", all[0])
	}
}

// A server that was down for a week tells an area once, not once a stage.
func TestWhatWasMissedIsToldOnce(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	r := c.ask(tickettest.Open(t, c.db, ticket.Ticket{}).ID)
	c.ahead.Store(int64(30 * 24 * time.Hour))
	_, err := c.s.Chase(t.Context())
	c.must(err)
	if n := c.count("SELECT count(*) FROM area_stages WHERE request_id = ?", r.ID); n != 4 {
		t.Errorf("%d stages", n)
	}
	if n := c.count("SELECT count(*) FROM outbox WHERE purpose = 'area'"); n != 2 {
		t.Errorf("%d mails, the question and one reminder", n)
	}
}

// What a resolved ticket still asks is withdrawn, after the time in which the
// answer that resolved it can be taken back.
func TestAResolvedTicketAsksNothingAnyMore(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	tk := tickettest.Open(t, c.db, ticket.Ticket{})
	c.ask(tk.ID)
	c.must(c.db.InTx(t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(t.Context(), tx, tk.ID, ticket.Cause{Kind: "ticket.status", At: c.now()}, func(t *ticket.Ticket) error {
			return t.Move(ticket.Resolved, c.now())
		})
		return err
	}))
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{time.Minute, 0}, {3 * time.Minute, 1}, {4 * time.Minute, 0}} {
		c.ahead.Store(int64(step.at))
		if n, err := c.s.WithdrawEnded(t.Context()); err != nil || n != step.want {
			t.Errorf("after %s: %d withdrawn, %v", step.at, n, err)
		}
	}
	if row := tickettest.Fresh(t, c.db, tk.ID); row.AskedArea != "" || row.Turn() != ticket.NobodysTurn {
		t.Errorf("the row: %+v", row)
	}
}

// A mail's answer joins its request once; a later one is added; both end the wait.
func TestAMailAnswersItsRequestOnce(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	tk := tickettest.Open(t, c.db, ticket.Ticket{Status: ticket.Open})
	r := c.ask(tk.ID)
	mail := func(id, text string) {
		c.must(c.db.InTx(t.Context(), func(tx *gorm.DB) error {
			return c.s.AnswerByMail(t.Context(), tx, area.Mail{Request: r.ID, Sender: "cobranca@aroeira.example", Name: "Bruno", ID: id, Text: text,
				Files: []ticket.File{{Blob: strings.Repeat("a", 64), Name: id + ".txt", Mime: "text/plain", Size: 3}}})
		}))
	}
	mail("a@x", "Confere.")
	mail("a@x", "Confere.")
	mail("b@x", "E o estorno saiu.")
	all, err := c.s.Of(t.Context(), tk.ID)
	c.must(err)
	if got := all[0]; got.State != area.Answered || len(got.Answers) != 2 || got.Answers[1].Body != "E o estorno saiu." ||
		len(got.Answers[0].Files) != 1 || len(got.Answers[1].Files) != 1 || got.Answers[1].Files[0].Name != "b@x.txt" || !got.Answers[1].Files[0].Inner {
		t.Errorf("%+v", got)
	}
	if fresh := tickettest.Fresh(t, c.db, tk.ID); fresh.Turn() != ticket.OurTurn || fresh.AreaAnsweredAt == nil || fresh.PublicVersion != tk.PublicVersion {
		t.Errorf("the ticket: %+v", fresh)
	}
	if n := c.count("SELECT count(*) FROM messages WHERE ticket_id = ?", tk.ID); n != 0 {
		t.Errorf("%d messages: the customer would read them", n)
	}
}

// A ticket that becomes part of another takes its questions along.
func TestAMergedTicketsRequestGoesOn(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	small, into := tickettest.Open(t, c.db, ticket.Ticket{}), tickettest.Open(t, c.db, ticket.Ticket{})
	r := c.ask(small.ID)
	c.must(c.db.InTx(t.Context(), func(tx *gorm.DB) error {
		from, err := ticket.ByID(t.Context(), tx, small.ID)
		if err != nil {
			return err
		}
		_, err = ticket.Change(t.Context(), tx, into.ID, ticket.Cause{Kind: "ticket.merged", At: c.now()}, func(t *ticket.Ticket) error {
			return ticket.Absorb(context.Background(), tx, from, t)
		})
		return err
	}))
	if got := tickettest.Fresh(t, c.db, into.ID); got.Turn() != ticket.AreaTurn || got.AskedArea != "Cobrança" {
		t.Errorf("whose turn: %s %q", got.Turn(), got.AskedArea)
	}
	c.must(c.s.AnswerByLink(t.Context(), r.ID, c.s.Links.Token(r.ID, 0), area.Linked{Name: "Bruno", Body: "Confere."}))
	if got := tickettest.Fresh(t, c.db, into.ID); got.AskedArea != "" || got.AreaAnsweredAt == nil {
		t.Errorf("after the answer: %+v", got)
	}
}

// No mail to an area holds up one to the customer, and none gets into its thread.
func TestMailsToAnAreaStandApartFromTheCustomers(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	tk := tickettest.Open(t, c.db, ticket.Ticket{})
	c.ask(tk.ID)
	c.must(c.db.InTx(t.Context(), func(tx *gorm.DB) error {
		o, ok, err := c.s.Post.Copy(t.Context(), tx, tk, "rita@exemplo.example", "copy:1", "Segue.", nil, c.now())
		if !ok || o.State != outbox.Queued {
			t.Errorf("ordered: %v %+v", ok, o)
		}
		return err
	}))
	due, err := outbox.Due(t.Context(), c.db.Gorm, 10)
	c.must(err)
	if len(due) != 2 {
		t.Errorf("%d mails can go, want both", len(due))
	}
}

// Whatever happens to a ticket, the stretches of its turns follow each other
// without a gap or an overlap, from its opening to its end.
func TestStretchesFollowEachOther(t *testing.T) {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "events")
		at := base
		var moments []area.Moment
		for range n {
			at = at.Add(time.Duration(rapid.IntRange(-5, 600).Draw(t, "seconds")) * time.Second)
			m := area.Moment{At: at, Turn: rapid.SampledFrom([]ticket.Turn{ticket.OurTurn, ticket.AreaTurn, ticket.CustomersTurn, ticket.NobodysTurn}).Draw(t, "turn")}
			if m.Turn == ticket.AreaTurn {
				m.Area = rapid.SampledFrom([]string{"Cobrança", "Logística"}).Draw(t, "area")
			}
			moments = append(moments, m)
		}
		now := at.Add(time.Hour)
		all := area.Stretches(moments, now)
		if len(all) == 0 {
			if moments[n-1].Turn != ticket.NobodysTurn {
				t.Fatalf("nothing of %+v", moments)
			}
			return
		}
		for i, s := range all {
			if !s.To.After(s.From) {
				t.Fatalf("%d lasts no time: %+v", i, all)
			}
			if i > 0 && (!all[i-1].To.Equal(s.From) || all[i-1].Turn == s.Turn && all[i-1].Area == s.Area) {
				t.Fatalf("%d does not follow: %+v", i, all)
			}
		}
		last := all[len(all)-1]
		if last.Turn == ticket.NobodysTurn || moments[n-1].Turn != ticket.NobodysTurn && !last.To.Equal(now) {
			t.Fatalf("it ends with %+v", last)
		}
	})
}
