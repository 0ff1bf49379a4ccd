package delivery_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type bell struct{ rung chan struct{} }

func (b bell) Poke() {
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// queued puts an answer that waits for its delivery under a new ticket.
func queued(t *testing.T, db *postgres.DB) (ticketID, messageID int64) {
	t.Helper()
	author := tickettest.Account(t, db, access.Agent, tickettest.DefaultTeam)
	tk := tickettest.Open(t, db, ticket.Ticket{})
	err := db.Gorm.Raw(`INSERT INTO messages (ticket_id, direction, author_id, body, version, delivery)
	  VALUES (?, 'out', ?, 'Olá', 1, 'queued') RETURNING id`, tk.ID, author.AccountID).Scan(&messageID).Error
	if err != nil {
		t.Fatal(err)
	}
	return tk.ID, messageID
}

func job(id int64) *river.Job[jobs.DeliverReply] {
	return &river.Job[jobs.DeliverReply]{JobRow: &rivertype.JobRow{}, Args: jobs.DeliverReply{MessageID: id}}
}

// told reads what the events say about deliveries of a ticket.
func told(t *testing.T, db *postgres.DB, ticketID int64) (all []delivery.Delivered) {
	t.Helper()
	var payloads []string
	err := db.Gorm.Raw(`SELECT payload->>'data' FROM events WHERE ticket_id = ? AND kind = 'ticket.delivered'
	  ORDER BY version`, ticketID).Scan(&payloads).Error
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payloads {
		var d delivery.Delivered
		if err := json.Unmarshal([]byte(p), &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestAReplyIsDeliveredOnceHoweverOftenItsJobRuns(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tk, msg := queued(t, db)
	w := delivery.NewReplies(db, bell{make(chan struct{}, 1)}, time.Now)
	var rivals sync.WaitGroup
	for range 4 {
		rivals.Go(func() {
			if err := w.Work(t.Context(), job(msg)); err != nil {
				t.Error(err)
			}
		})
	}
	rivals.Wait()
	var state string
	if err := db.Gorm.Raw(`SELECT delivery FROM messages WHERE id = ?`, msg).Scan(&state).Error; err != nil || state != "delivered" {
		t.Errorf("the message is %q, %v", state, err)
	}
	if got := told(t, db, tk); len(got) != 1 || got[0] != (delivery.Delivered{MessageID: msg, Delivery: "delivered"}) {
		t.Errorf("told %+v", got)
	}
}

func TestAFailedOrGoneMessageIsLeftAlone(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tk, msg := queued(t, db)
	if err := db.Gorm.Exec(`UPDATE messages SET delivery = 'failed' WHERE id = ?`, msg).Error; err != nil {
		t.Fatal(err)
	}
	w := delivery.NewReplies(db, bell{make(chan struct{}, 1)}, time.Now)
	if err := w.Work(t.Context(), job(msg)); err != nil {
		t.Error(err)
	}
	if got := told(t, db, tk); len(got) != 0 {
		t.Errorf("told %+v", got)
	}
	if err := w.Work(t.Context(), job(msg+1)); err == nil {
		t.Error("a message that does not exist was delivered")
	}
}

func TestAJobInsertedWithTheReplyDeliversIt(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tk, msg := queued(t, db)
	b := bell{make(chan struct{}, 1)}
	c, err := jobs.New(db, slog.New(slog.DiscardHandler), jobs.Work(delivery.NewReplies(db, b, time.Now)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	err = db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: msg}) })
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.rung:
	case <-time.After(20 * time.Second):
		t.Fatal("the job did not run")
	}
	if got := told(t, db, tk); len(got) != 1 {
		t.Errorf("told %+v", got)
	}
}
