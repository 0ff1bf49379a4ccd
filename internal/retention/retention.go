// Package retention decides what must be kept until when, and removes the rest.
//
// Rules are data: of each subject all that apply count, the one that ends last
// decides, and a legal hold beats them all. A record that no rule applies to is
// kept for good. Nothing is removed until somebody has switched it on with a
// count of what would go in front of them. Then a run a day takes one thing after
// the other, each whole in a transaction of its own that looks again, with what
// it removed written to a chain of proofs (see proof.go). What hangs under a
// ticket is known from the database's own foreign keys (see outline.go), so that
// a table made tomorrow is not forgotten.
package retention

import (
	"log/slog"
	"time"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Subject is what a rule is about.
type Subject string

// The subjects. Files belong to the record.
const (
	Record    Subject = "record"    // a ticket with all that hangs under it
	Recording Subject = "recording" // of a call
	Original  Subject = "original"  // the raw source that a ticket's messages were made from
	Stray     Subject = "stray"     // what came in and became no part of a ticket
	Import    Subject = "import"    // the file that rows were read from, with what was wrong in it
)

// Since is the event from which a term counts.
type Since string

// The events. Only recordings have an attendance.
const (
	Opened      Since = "opened"       // the protocol was given, or the thing came in
	Resolved    Since = "resolved"     // the demand was resolved, or closed if it never was
	LastContact Since = "last_contact" // the last thing that the customer or we said
	Attended    Since = "attended"     // the call ended
)

// Faults of holding, of rules, and of purging.
var (
	ErrNoRule     = fault.New(fault.NotFound, "retention_rule_not_found")
	ErrRule       = fault.New(fault.Invalid, "retention_rule_invalid") // details name the fields
	ErrStale      = fault.New(fault.Conflict, "retention_stale")       // what was shown is not so any more
	ErrNoHold     = fault.New(fault.NotFound, "retention_hold_not_found")
	ErrHeld       = fault.New(fault.Conflict, "retention_held") // by this sort of hold already
	ErrNotYours   = fault.New(fault.Forbidden, "retention_supervisor")
	ErrWhy        = fault.New(fault.Invalid, "retention_why") // a reason is wanted
	ErrNoCustomer = fault.New(fault.NotFound, "customer_not_found")
	ErrOff        = fault.New(fault.Conflict, "retention_off")     // purging is not switched on
	ErrRunning    = fault.New(fault.Conflict, "retention_running") // a run is under way
	ErrNoRun      = fault.New(fault.NotFound, "retention_run_not_found")
)

// Deps are what the service stands on. Now is PostgreSQL's time; days are those
// of Zone.
type Deps struct {
	DB     *postgres.DB
	Events *event.Log
	Intake *intake.Intake
	Poke   event.Poker
	Now    func() time.Time
	Zone   *time.Location
	Log    *slog.Logger
}

// Service answers what is kept until when, keeps holds and rules, and purges.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }
