// Package fault is the one shape of a failure that may be told to somebody.
//
// A fault has a kind (what sort of failure: the HTTP edge turns it into a
// status), a stable code (for programs, and the key of the text that people
// read, see package i18n), the fields it is about, and the cause, which is for
// the log only and never leaves the process. Everything below the edge wraps
// and returns; the edge logs once.
package fault

import (
	"errors"
	"maps"
	"time"
)

// Kind says what sort of failure it is, independent of any transport.
type Kind uint8

// The kinds of failure.
const (
	Internal     Kind = iota // ours; the cause is logged, nothing of it is shown
	Invalid                  // what was sent cannot be accepted as it is
	Unauthorized             // nobody is logged in, or the credentials are wrong
	Forbidden                // somebody is logged in who may not do this
	NotFound                 // absent, or hidden from the asker: the two look the same
	Conflict                 // the state has moved on; read it again
	TooLarge                 // over a stated limit
	TooMany                  // a rate limit; RetryAfter says when to come back
	Unavailable              // not now: overloaded, stopping, or an engine is gone
)

// Detail names one field that is wrong and why, as a code of its own.
type Detail struct {
	Field string // path in the request, such as body.email
	Code  string // key of its text, such as required
	Args  map[string]any
}

// Error is safe to show: Code and Args make the text, Err is for the log only.
type Error struct {
	Kind       Kind
	Code       string
	Args       map[string]any
	Details    []Detail
	RetryAfter time.Duration
	Err        error
}

// New makes a sentinel. Its text is the message "error.<code>" of every locale.
func New(k Kind, code string) *Error { return &Error{Kind: k, Code: code} }

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code
	}
	return e.Code + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes a copy that carries more (a cause, a field) equal to its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e that remembers why.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// With returns a copy of e whose text is filled with one more named value.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Args = maps.Clone(e.Args)
	if c.Args == nil {
		c.Args = map[string]any{}
	}
	c.Args[name] = value
	return &c
}

// Field returns a copy of e that also names a field and what is wrong with it.
func (e *Error) Field(field, code string) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), Detail{Field: field, Code: code})
	return &c
}

// After returns a copy of e that says when another try makes sense.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

var internal = New(Internal, "internal")

// From finds the fault in err; an error without one is an internal fault with
// err as its cause.
func From(err error) *Error {
	if f := (*Error)(nil); errors.As(err, &f) {
		// The outermost text may carry more than the fault itself; the log wants all of it.
		return f.Because(err)
	}
	return internal.Because(err)
}
