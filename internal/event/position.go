package event

import (
	"strconv"
	"strings"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrBadPosition says that a text is no position.
	ErrBadPosition = fault.New(fault.Invalid, "bad_position")
	// ErrResync says that events cannot be continued from a position: it is of
	// another epoch, ahead of the head or too old. Take a new position, then
	// load the state again.
	ErrResync = fault.New(fault.Conflict, "resync")
)

// Position is a place in the one order of events. Positions of one epoch have
// no holes; positions of different epochs cannot be compared.
type Position struct {
	Epoch string
	Pos   int64
}

// String gives the form that leaves the program, opaque to those who get it.
func (p Position) String() string { return p.Epoch + "." + strconv.FormatInt(p.Pos, 10) }

// ParsePosition reads what String wrote; anything else is ErrBadPosition.
func ParsePosition(s string) (Position, error) {
	epoch, digits, ok := strings.Cut(s, ".")
	if !ok || epoch == "" || len(epoch) > 32 || strings.Trim(epoch, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return Position{}, ErrBadPosition
	}
	pos, err := strconv.ParseInt(digits, 10, 64)
	// One position has one text: no sign, no leading zeros.
	if err != nil || pos < 0 || strconv.FormatInt(pos, 10) != digits {
		return Position{}, ErrBadPosition
	}
	return Position{Epoch: epoch, Pos: pos}, nil
}
