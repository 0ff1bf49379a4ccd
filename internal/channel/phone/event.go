package phone

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// MaxEvent bounds the body of one event, in bytes.
const MaxEvent = 64 << 10

// ErrEvent is a body that is no event. Details name the fields.
var ErrEvent = fault.New(fault.Invalid, "pbx_event")

// EventKind is what an exchange tells of a call.
type EventKind string

// The kinds of event.
const (
	Queued         EventKind = "queued"
	Ringing        EventKind = "ringing"
	Answered       EventKind = "answered"
	Transferred    EventKind = "transferred"
	HungUp         EventKind = "hung_up"
	Abandoned      EventKind = "abandoned"
	RecordingReady EventKind = "recording_ready"
)

// Event is one thing that an exchange has told. A Kind that is none of ours is
// kept and means nothing.
type Event struct {
	ID        string // unique on its line; the body's hash when the exchange sent none
	Kind      EventKind
	Call      string    // the exchange's id of the call
	At        time.Time // by the exchange's clock, or when it came if it did not say; UTC
	Caller    string    // as sent
	Extension string    // who rings, answers or takes over
	Recording string    // where the recording is
}

// limits of what an event may name, in characters.
const (
	maxID        = 200
	maxExtension = 40
	maxReference = 1000
)

// DecodeEvent reads the body of an event:
//
//	{"id": "…", "event": "answered", "call": "…", "at": "2026-11-22T12:00:00Z",
//	 "caller": "+55…", "extension": "2001", "recording": "https://…"}
//
// id, at, caller, extension and recording may be missing; at may be a number of
// seconds or milliseconds since 1970. Members that nobody knows are left alone.
func DecodeEvent(body []byte, received time.Time) (Event, error) {
	var sent struct {
		ID        text            `json:"id"`
		Event     string          `json:"event"`
		Call      text            `json:"call"`
		At        json.RawMessage `json:"at"`
		Caller    text            `json:"caller"`
		Extension text            `json:"extension"`
		Recording string          `json:"recording"`
	}
	if len(body) > MaxEvent {
		return Event{}, ErrEvent.Field("body", "too_long")
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return Event{}, ErrEvent.Because(err)
	}
	e := Event{
		ID: clean(string(sent.ID), maxID), Kind: EventKind(clean(sent.Event, maxExtension)), Call: clean(string(sent.Call), maxID),
		Caller: clean(string(sent.Caller), MaxCaller), Extension: clean(string(sent.Extension), maxExtension),
		Recording: clean(sent.Recording, maxReference),
	}
	bad := *ErrEvent
	if e.Call == "" {
		bad = *bad.Field("body.call", "required")
	}
	if e.Kind == "" {
		bad = *bad.Field("body.event", "required")
	}
	at, ok := instant(sent.At, received)
	if !ok {
		bad = *bad.Field("body.at", "not_a_date")
	}
	if len(bad.Details) > 0 {
		return Event{}, &bad
	}
	e.At = at.UTC().Truncate(time.Microsecond)
	if e.ID == "" {
		sum := sha256.Sum256(body)
		e.ID = "sha256/" + hex.EncodeToString(sum[:])
	}
	return e, nil
}

// instant reads a date, a number since 1970, or nothing.
func instant(sent json.RawMessage, received time.Time) (time.Time, bool) {
	if len(sent) == 0 || string(sent) == "null" {
		return received, true
	}
	var s string
	if json.Unmarshal(sent, &s) != nil {
		s = string(sent)
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at, at.Year() >= 1970 && at.Year() < 3000
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n >= 1e14 {
		return time.Time{}, false
	}
	if n < 1e11 { // seconds until the year 5138
		n *= 1000
	}
	return time.UnixMilli(int64(n)), true
}

// text is a JSON string or number: exchanges send ids and extensions as either.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = text(n)
	return nil
}
