// Package tickettest puts tickets, accounts and teams into a test's database
// without the intake, and reads back what was told about them.
package tickettest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// DefaultTeam is the team that the migrations make.
const DefaultTeam = 1

var sequence atomic.Int64

// Team adds a team and returns its id.
func Team(t testing.TB, db *postgres.DB, name string) (id int64) {
	t.Helper()
	scan(t, db, &id, "INSERT INTO teams (name) VALUES (?) RETURNING id", name)
	return id
}

// Incident opens an incident, by an account of its own, and returns its id.
func Incident(t testing.TB, db *postgres.DB, title string) (id int64) {
	t.Helper()
	by := Account(t, db, access.Supervisor)
	scan(t, db, &id, `INSERT INTO incidents (title, started_at, opened_by, created_at, updated_at) VALUES (?, now(), ?, now(), now()) RETURNING id`,
		title, by.AccountID)
	return id
}

// Account adds an account with these teams.
func Account(t testing.TB, db *postgres.DB, role access.Role, teams ...int64) access.Actor {
	t.Helper()
	n := sequence.Add(1)
	slices.Sort(teams)
	a := access.Actor{Name: fmt.Sprintf("Pessoa %d", n), Role: role, Teams: teams}
	scan(t, db, &a.AccountID, "INSERT INTO accounts (email, name, role, password_hash) VALUES (?, ?, ?, '-') RETURNING id",
		fmt.Sprintf("pessoa%d@example.com", n), a.Name, string(role))
	for _, team := range teams {
		exec(t, db, "INSERT INTO account_teams VALUES (?, ?)", a.AccountID, team)
	}
	return a
}

// Open stores a ticket with its opening event. What is zero in tk gets a value
// that a believable ticket has; its id, protocol and version are made here.
func Open(t testing.TB, db *postgres.DB, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	n := sequence.Add(1)
	tk.Protocol = fmt.Sprintf("20991231%07d%02d", n%10_000_000, n%97)
	tk.Version, tk.PublicVersion = 1, 1
	def(&tk.BrandID, 1)
	def(&tk.TeamID, DefaultTeam)
	def(&tk.Channel, "webform")
	def(&tk.Kind, "reclamacao")
	def(&tk.Status, ticket.New)
	def(&tk.Priority, 3)
	def(&tk.Subject, fmt.Sprintf("Assunto %d", n))
	if tk.OpenedAt.IsZero() {
		tk.OpenedAt = time.Now().UTC().Truncate(time.Microsecond)
	}
	tk.UpdatedAt = tk.OpenedAt
	if tk.WaitingSince == nil && tk.Status.IsOpen() {
		tk.WaitingSince = &tk.OpenedAt
	}
	if tk.Tags == nil {
		tk.Tags = []string{}
	}
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		err := tx.Raw(`INSERT INTO tickets (protocol, brand_id, customer_id, customer_name, channel, kind, subject, preview, status,
			priority, legal_priority, team_id, walled, assignee_id, holder_id, fence, lease_until, tags, version, public_version,
			next_due, next_clock, next_from, next_warn, clocks, breached, waiting_since, opened_at, updated_at, resolved_at, closed_at, barred,
			reopened_at, promised_at, unread, mentioned, incident_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, string_to_array(?, chr(31)), ?, ?,
			coalesce(?::timestamptz, 'infinity'), ?, ?, ?, ?, ?, coalesce(?::timestamptz, 'infinity'), ?, ?, ?, ?, ?,
			?, ?, ?, CAST(string_to_array(?, ' ') AS bigint[]), ?) RETURNING id`,
			tk.Protocol, tk.BrandID, tk.CustomerID, tk.CustomerName, tk.Channel, tk.Kind, tk.Subject, tk.Preview, tk.Status,
			tk.Priority, tk.LegalPriority, tk.TeamID, tk.Walled, tk.AssigneeID, tk.HolderID, tk.Fence, tk.LeaseUntil,
			strings.Join(tk.Tags, "\x1f"), tk.Version, tk.PublicVersion,
			tk.Deadline.Due, tk.Deadline.Clock, tk.Deadline.From, tk.Deadline.Warn, tk.Deadline.Clocks, tk.Deadline.Breached,
			tk.WaitingSince, tk.OpenedAt, tk.UpdatedAt, tk.ResolvedAt, tk.ClosedAt, tk.Barred,
			tk.ReopenedAt, tk.PromisedAt, tk.Unread, strings.Trim(fmt.Sprint(tk.Mentioned), "[]"), tk.IncidentID).Scan(&tk.ID).Error
		if err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO protocols VALUES (?, ?)", tk.Protocol, tk.ID).Error; err != nil {
			return err
		}
		return event.Append(tx, event.New{TicketID: tk.ID, Version: 1, Kind: event.TicketOpened, Audience: tk.Audience(),
			Payload: ticket.Payload{Row: tk.Snapshot()}, At: tk.OpenedAt})
	})
	if err != nil {
		t.Fatalf("open a ticket: %v", err)
	}
	return Fresh(t, db, tk.ID)
}

// Fresh reads the ticket as it is now.
func Fresh(t testing.TB, db *postgres.DB, id int64) ticket.Ticket {
	t.Helper()
	tk, err := ticket.ByID(t.Context(), db.Gorm, id)
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// Events reads what was told about the ticket, in order of version.
func Events(t testing.TB, db *postgres.DB, id int64) []event.Event {
	t.Helper()
	var rows []struct {
		ID, TicketID, TeamID int64
		Version              int
		Kind, Payload        string
		Walled               bool
		WasTeamID, ActorID   *int64
		WasWalled            *bool
		Barred               access.Barred
		WasBarred            *access.Barred
		At                   time.Time
	}
	if err := db.Gorm.Raw("SELECT * FROM events WHERE ticket_id = ? ORDER BY version", id).Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	events := make([]event.Event, len(rows))
	for i, r := range rows {
		events[i] = event.Event{ID: r.ID, TicketID: r.TicketID, Version: r.Version, Kind: r.Kind, ActorID: r.ActorID, At: r.At,
			Audience: access.Audience{Team: r.TeamID, Walled: r.Walled, Barred: r.Barred}, Payload: json.RawMessage(r.Payload)}
		if r.WasTeamID != nil {
			events[i].Before = &access.Audience{Team: *r.WasTeamID, Walled: *r.WasWalled, Barred: *r.WasBarred}
		}
	}
	return events
}

func def[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

func scan(t testing.TB, db *postgres.DB, dest any, sql string, args ...any) {
	t.Helper()
	if err := db.Gorm.WithContext(t.Context()).Raw(sql, args...).Scan(dest).Error; err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func exec(t testing.TB, db *postgres.DB, sql string, args ...any) {
	t.Helper()
	if err := db.Gorm.WithContext(t.Context()).Exec(sql, args...).Error; err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
