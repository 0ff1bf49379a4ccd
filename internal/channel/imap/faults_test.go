package imap

import "github.com/escuta-sac/escuta/internal/fault"

var (
	errBusy  = fault.New(fault.Unavailable, "intake_busy")
	errNever = fault.New(fault.Invalid, "submission_refused")
)
