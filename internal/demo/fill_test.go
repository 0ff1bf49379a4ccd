package demo_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/demo"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"

	"encoding/json"
	"errors"
)

func TestAFilledDeskAgreesWithItsEvents(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := pgtest.New(t)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	accounts := account.NewService(db, redistest.New(t), time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	options := demo.Options{Seed: 1, Tickets: 150, Now: time.Now(), Zone: zone}
	made, err := demo.Fill(ctx, db, accounts, options)
	if err != nil {
		t.Fatal(err)
	}
	if made.Tickets != 150 || made.Acts < 200 || len(made.Accounts) != 8 {
		t.Errorf("made %+v", made)
	}

	book := view.NewBook(db)
	if _, err := book.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for _, a := range made.Accounts {
		if a.Role != access.Supervisor {
			continue
		}
		boss := access.Actor{AccountID: a.ID, Role: a.Role, Teams: a.TeamIDs}
		for _, v := range book.Pinned(boss) {
			page, err := ticket.List(ctx, db.Gorm, ticket.Query{Actor: boss, Now: options.Now, Rule: v.Rule})
			if err != nil || len(page.Items) == 0 {
				t.Errorf("saved view %d holds %d tickets, %v", v.ID, len(page.Items), err)
			}
		}
		if len(book.Pinned(boss)) != 3 {
			t.Errorf("the supervisor has %d saved views", len(book.Pinned(boss)))
		}
	}

	var rows []struct {
		TicketID int64
		Row      []byte
		Events   int
		Version  int
	}
	err = db.Gorm.Raw(`SELECT DISTINCT ON (ticket_id) ticket_id, payload -> 'row' AS row, version, count(*) OVER (PARTITION BY ticket_id) AS events
		FROM events ORDER BY ticket_id, version DESC`).Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 150 {
		t.Fatalf("%d tickets have events", len(rows))
	}
	for _, r := range rows {
		now, err := ticket.ByID(ctx, db.Gorm, r.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		var told ticket.Snapshot
		if err := json.Unmarshal(r.Row, &told); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(now.Snapshot(), told); diff != "" {
			t.Errorf("ticket %d: the newest event tells another row (-row +event):\n%s", r.TicketID, diff)
		}
		if r.Events != r.Version {
			t.Errorf("ticket %d has version %d and %d events", r.TicketID, r.Version, r.Events)
		}
	}

	var strangers int
	if err := db.Gorm.Raw("SELECT count(*) FROM customers c WHERE EXISTS (SELECT FROM tickets t WHERE t.customer_id = c.id AND t.opened_at < c.created_at)").Scan(&strangers).Error; err != nil || strangers != 0 {
		t.Errorf("%d customers wrote before we knew them, %v", strangers, err)
	}
	var twice, unaccounted int
	if err := db.Gorm.Raw("SELECT count(*) - count(DISTINCT protocol) FROM tickets").Scan(&twice).Error; err != nil || twice != 0 {
		t.Errorf("%d protocols were given twice, %v", twice, err)
	}
	if err := db.Gorm.Raw("SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM intake_ledger l WHERE l.ticket_id = t.id)").Scan(&unaccounted).Error; err != nil || unaccounted != 0 {
		t.Errorf("%d tickets are not in the ledger, %v", unaccounted, err)
	}
	var incidents, open int
	if err := db.Gorm.Raw("SELECT count(*), count(*) FILTER (WHERE state = 'open') FROM incidents").Row().Scan(&incidents, &open); err != nil || incidents != 2 || open != 1 {
		t.Errorf("%d incidents, %d of them open, %v", incidents, open, err)
	}
	if _, err := demo.Fill(ctx, db, accounts, options); !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("filling twice: %v", err)
	}
}
