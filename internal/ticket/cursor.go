package ticket

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrCursor is a cursor that this list did not give out.
var ErrCursor = fault.New(fault.Invalid, "bad_cursor")

// Sort is the order of a list.
type Sort string

// The orders. Each ends with the id, so that no two rows are equal.
const (
	SortDue       Sort = "due"       // the next deadline to fall first, none last
	SortWaiting   Sort = "waiting"   // the customer who has waited longest first
	SortNewest    Sort = "newest"    // opened last first
	SortRelevance Sort = "relevance" // best match of a search first
)

// cursor is the sort key of the last row already shown. Key is microseconds
// since 1970 where the sort is by time, so that nothing of it is rounded away;
// a missing time is never.
type cursor struct {
	sort Sort
	key  int64
	id   int64
}

// never is the key of a row without a time. PostgreSQL's own infinity is the same number.
const never = int64(^uint64(0) >> 1)

// The years a key may name: what PostgreSQL would refuse must not reach it.
var (
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// String is the cursor as the outside gets it: opaque, fit for a URL.
func (c cursor) String() string {
	text := string(c.sort) + "." + strconv.FormatInt(c.key, 36) + "." + strconv.FormatInt(c.id, 36)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// at is the key as SQL takes it.
func (c cursor) at() orNever {
	if c.key == never {
		return orNever{}
	}
	at := time.UnixMicro(c.key).UTC()
	return orNever{&at}
}

// parseCursor reads a cursor of a list in this order; anything else is ErrCursor.
func parseCursor(text string, want Sort) (cursor, error) {
	if len(text) > 100 {
		return cursor{}, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return cursor{}, ErrCursor
	}
	parts := strings.Split(string(raw), ".")
	if len(parts) != 3 || Sort(parts[0]) != want {
		return cursor{}, ErrCursor
	}
	c := cursor{sort: want}
	key, keyErr := strconv.ParseInt(parts[1], 36, 64)
	id, idErr := strconv.ParseInt(parts[2], 36, 64)
	if keyErr != nil || idErr != nil || id <= 0 {
		return cursor{}, ErrCursor
	}
	c.key, c.id = key, id
	if want != SortRelevance && key != never && (key < earliest || key > latest) || c.String() != text {
		return cursor{}, ErrCursor
	}
	return c, nil
}

// keyOf is the cursor that continues after this ticket.
func keyOf(sort Sort, t Ticket, rank int64) cursor {
	c := cursor{sort: sort, id: t.ID}
	switch sort {
	case SortDue:
		c.key = microsOrNever(t.Deadline.Due)
	case SortWaiting:
		c.key = microsOrNever(t.WaitingSince)
	case SortNewest:
		c.key = t.OpenedAt.UnixMicro()
	case SortRelevance:
		c.key = rank
	}
	return c
}

func microsOrNever(at *time.Time) int64 {
	if at == nil {
		return never
	}
	return at.UnixMicro()
}
