// Package sla keeps deadlines: how one is computed and explained (calendars and
// terms), which ones a ticket has (policies and clocks), and that each is
// noticed when it runs out, once (timers).
//
// A deadline is a function of a start, a term, a calendar and the intervals in
// which the clock stood still. It is computed from scratch whenever one of them
// changes, stored, and never patched. PostgreSQL holds the clocks; Redis is
// only the alarm that says when to look.
package sla

import (
	_ "time/tzdata" // deadlines must not depend on what the machine has installed

	"github.com/escuta-sac/escuta/internal/fault"
)

// What can be wrong with what somebody asks of this package.
var (
	ErrCalendar    = fault.New(fault.Invalid, "sla_calendar_unknown")
	ErrUnit        = fault.New(fault.Invalid, "sla_unit_unknown")
	ErrAmount      = fault.New(fault.Invalid, "sla_amount_out_of_range")
	ErrStart       = fault.New(fault.Invalid, "sla_start_out_of_range")
	ErrNeverOpen   = fault.New(fault.Invalid, "calendar_never_open")
	ErrInterval    = fault.New(fault.Invalid, "calendar_interval_invalid")
	ErrIntervals   = fault.New(fault.Invalid, "calendar_intervals_many") // args: max
	ErrOverlap     = fault.New(fault.Invalid, "calendar_intervals_overlap")
	ErrHolidays    = fault.New(fault.Invalid, "calendar_holidays_unknown")
	ErrUnreachable = fault.New(fault.Invalid, "sla_due_unreachable")
)
