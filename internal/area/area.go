// Package area asks areas of the company (billing, logistics, a shop) what a
// ticket needs to know of them, and takes their answers: an *internal request*.
//
// A request has its own clock, computed by package sla in its area's calendar; it
// stops no clock of the ticket, because the law counts on. It reaches the area by
// mail, in the desk or both. An area answers by the link in its mail (Links), by
// replying to the mail, or in the desk; whichever comes first ends the request.
// Nothing of it is a message: no customer, and no query for customers, can get at
// what an area was asked or said.
//
// The desk and the ombudsman's office ask by the same table. What stands behind
// the wall is always asked without identity, its events stay behind the wall, and
// its trail is written by whoever is given as Trail.
package area

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of asking and answering.
var (
	ErrNotFound = fault.New(fault.NotFound, "area_request_not_found") // absent, another team's, or over
	ErrEnded    = fault.New(fault.Conflict, "area_request_ended")     // answered, withdrawn or closed
	ErrTooMany  = fault.New(fault.Conflict, "area_requests_many")     // args: max, of one ticket at once
	ErrAccused  = fault.New(fault.Conflict, "area_accused")           // the case accuses whoever would read it
	ErrName     = fault.New(fault.Conflict, "area_name_taken")
	ErrNoArea   = fault.New(fault.NotFound, "area_not_found")
)

// Bounds.
const (
	MaxText  = 10_000 // runes of a question, and of an answer
	maxOpen  = 20     // requests of one ticket that wait at once
	shown    = 200    // requests in a list
	maxMails = 5      // addresses of one area
)

// Trail writes what was done with a walled ticket into its case's trail.
type Trail func(ctx context.Context, tx *gorm.DB, ticketID int64, act string, by *int64, data any, at time.Time) error

// Options is what a Service is made of.
type Options struct {
	DB        *postgres.DB
	Desk      *desk.Service
	Post      *outbox.Post
	Calendars sla.Calendars
	Links     Links
	Trail     Trail
	Blobs     Blobs
	Now       func() time.Time // PostgreSQL's
	Log       *slog.Logger
}

// Service asks, chases and takes answers.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

// Refresh brings a ticket's row to what of its requests is open. Whoever changes
// requests calls it in the change of their ticket.
func Refresh(ctx context.Context, tx *gorm.DB, t *ticket.Ticket) error {
	t.AskedArea = ""
	return tx.WithContext(ctx).Raw(`SELECT coalesce(a.name, t.name) FROM area_requests r LEFT JOIN areas a ON a.id = r.area_id
		LEFT JOIN teams t ON t.id = r.team_id WHERE r.ticket_id = ? AND r.state = 'open' AND r.blocks
		ORDER BY r.asked_at, r.id LIMIT 1`, t.ID).Scan(&t.AskedArea).Error
}
