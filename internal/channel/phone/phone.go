// Package phone is what the telephone brings: a call as the agent opens it, the
// number that a caller shows, and the events of a telephone exchange. It is
// pure; what becomes of a call is decided elsewhere.
package phone

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Limits in characters, except where it says otherwise. They are part of the API.
const (
	MaxLine   = 100
	MaxCaller = 300
	MaxNote   = 20_000
	MaxKey    = 200 // bytes
)

// ErrInvalid names in its details every field that cannot be accepted.
var ErrInvalid = fault.New(fault.Invalid, "call_invalid")

// Caller is who a telephone says is calling.
type Caller struct {
	Raw   string       // as it was told, without what shows nothing; empty when nothing was told
	Phone brazil.Phone // E.164, empty when Raw is no number of a customer
}

// Hidden reports whether the caller shows no number at all.
func (c Caller) Hidden() bool { return c.Phone == "" && withheld[strings.ToLower(c.Raw)] }

// Display is how the caller is shown: the number as people write it, or what
// was told.
func (c Caller) Display() string {
	if c.Phone != "" {
		return c.Phone.String()
	}
	return c.Raw
}

// withheld are the words by which exchanges say that there is no number.
var withheld = map[string]bool{"": true, "anonymous": true, "anonimo": true, "anônimo": true, "private": true,
	"restricted": true, "unknown": true, "unavailable": true, "withheld": true, "blocked": true, "asserted": true}

// ReadCaller understands a caller's number as a person typed it or an exchange
// sent it: national or international, a tel: or sip: address, with a display name
// or without. What is no number is kept as it was told; nothing is refused.
func ReadCaller(told string) Caller {
	raw := clean(told, MaxCaller)
	c := Caller{Raw: raw}
	number := raw
	if _, inside, ok := strings.Cut(number, "<"); ok { // "Name" <sip:…>
		number, _, _ = strings.Cut(inside, ">")
	}
	number = strings.TrimSpace(number)
	if scheme, rest, ok := strings.Cut(number, ":"); ok {
		switch strings.ToLower(scheme) {
		case "sip", "sips", "tel":
			number = rest
		}
	}
	number, _, _ = strings.Cut(number, "@")
	number, _, _ = strings.Cut(number, ";")
	if !dialled(number) {
		return c
	}
	if p, err := brazil.ParseCallerID(number); err == nil {
		c.Phone = p
	}
	return c
}

// dialled reports whether s is written as numbers are: a name with a few digits
// in it, which the parser of numbers would read leniently, is not.
func dialled(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && !strings.ContainsRune("+-(). /", r) {
			return false
		}
	}
	return s != ""
}

// clean makes one line of a text, drops what shows nothing or turns the
// direction of reading, and cuts it.
func clean(s string, limit int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit])
	}
	return s
}

// Opening is a call as its agent opens it. Nothing but a line is needed.
type Opening struct {
	Line    string `json:"line"`
	Caller  string `json:"caller,omitempty"`
	Note    string `json:"note,omitempty"`
	Account int64  `json:"account,omitempty"` // whose call it is; 0 is nobody's yet

	// Key makes a repetition recognisable; empty means that nothing does.
	Key string `json:"-"`
}

// Check turns an opening into what the intake takes, and says who is calling.
// The line is left to the caller, who knows the lines; so are the team, the
// brand and the customer: a number that somebody shows proves nothing.
func Check(o Opening) (channel.Inbound, Caller, error) {
	raw := o
	bad := *ErrInvalid
	o.Line = clean(o.Line, MaxLine+1)
	switch {
	case o.Line == "":
		bad = *bad.Field("line", "required")
	case utf8.RuneCountInString(o.Line) > MaxLine:
		bad.Details = append(bad.Details, fault.Detail{Field: "line", Code: "too_long", Args: map[string]any{"max": MaxLine}})
	}
	if utf8.RuneCountInString(o.Note) > MaxNote {
		bad.Details = append(bad.Details, fault.Detail{Field: "note", Code: "too_long", Args: map[string]any{"max": MaxNote}})
	}
	if !utf8.ValidString(o.Note) || strings.ContainsRune(o.Note, 0) {
		bad = *bad.Field("note", "not_text")
	}
	if len(o.Key) > MaxKey {
		bad = *bad.Field("Idempotency-Key", "bad_key")
	}
	if len(bad.Details) > 0 {
		return channel.Inbound{}, Caller{}, &bad
	}
	who := ReadCaller(o.Caller)
	text, err := json.Marshal(raw)
	if err != nil {
		return channel.Inbound{}, Caller{}, fmt.Errorf("keep the call as it was opened: %w", err)
	}
	in := channel.Inbound{
		Channel: channel.Phone, SourceKey: "call:" + o.Key, BodyHash: sha256.Sum256(text), Raw: text,
		Name: who.Display(),
	}
	if o.Key == "" { // the slash keeps ours apart from any that can be sent
		in.SourceKey = "call/" + uuid.NewString()
	}
	return in, who, nil
}
