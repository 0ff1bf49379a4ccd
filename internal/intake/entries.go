package intake

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Fate is what became of something that came in.
type Fate string

// The fates. All but pending are accounts given of it.
const (
	FatePending     Fate = "pending"
	FateTicket      Fate = "ticket"
	FateReply       Fate = "reply"
	FateDuplicate   Fate = "duplicate"
	FateAutomatic   Fate = "automatic"
	FateQuarantined Fate = "quarantined"
	FateDiscarded   Fate = "discarded"
)

// Fates are all of them.
var Fates = []Fate{FatePending, FateTicket, FateReply, FateDuplicate, FateAutomatic, FateQuarantined, FateDiscarded}

// Faults of the ledger.
var (
	ErrNotFound = fault.New(fault.NotFound, "ledger_not_found")
	ErrSettled  = fault.New(fault.Conflict, "ledger_settled")
	ErrCursor   = fault.New(fault.Invalid, "ledger_cursor")
	ErrFate     = fault.New(fault.Invalid, "ledger_fate")
	ErrPurged   = fault.New(fault.Conflict, "ledger_purged")
)

// Entry is one row of the ledger, without its raw source.
type Entry struct {
	ID         int64
	Channel    channel.Name
	Fate       Fate
	Reason     string // ReasonSameContent, or the code of what kept it from being taken in
	TicketID   *int64
	Protocol   string // of the ticket
	MessageID  *int64
	Attempts   int // without those that passing failures ended
	Failures   int // tries that passing failures ended
	ReceivedAt time.Time
	FatedAt    *time.Time
	NextTry    *time.Time // while it is pending
	DecidedBy  string     // name of who discarded it
	Remark     string     // in whose words
	Purged     bool       // its raw source is erased

	// What the start of its source says of itself, as far as the asker may have
	// the source; empty when nothing can be told.
	From, Subject string
}

// Query says which entries are listed. Empty fields ask for no restriction.
type Query struct {
	Fate    Fate
	Channel channel.Name
	Day     brazil.Date // the local day of receipt
	Cursor  string      // of the page before
	Limit   int
}

const (
	defaultPage = 50
	largestPage = 200
)

// entryColumns are the fields of an Entry in their order. A ticket of a team that
// the asker does not see has no protocol.
const entryColumns = `g.id, g.channel, g.fate, g.reason, g.ticket_id, coalesce(CASE WHEN $2 OR t.team_id = ANY($3::bigint[]) THEN t.protocol END, ''), g.message_id, g.attempts, g.failures,
	g.received_at, g.fated_at, CASE WHEN g.fate = 'pending' THEN g.next_try END, coalesce(a.name, ''), g.remark, g.purged_at IS NOT NULL
	FROM intake_ledger g LEFT JOIN tickets t ON t.id = g.ticket_id LEFT JOIN accounts a ON a.id = g.decided_by`

// visible leaves out what belongs to a walled ticket, or would become one, and for
// whom a case accuses, that case. Its parameter is what wall gives.
const visible = `(CASE WHEN $1::text[] IS NULL
	THEN NOT g.walled AND g.channel <> 'ombudsman' AND NOT EXISTS (SELECT FROM tickets w WHERE w.id = g.ticket_id AND w.walled)
	ELSE NOT EXISTS (SELECT FROM tickets w WHERE w.id = g.ticket_id AND w.barred <> '' AND string_to_array(w.barred, ' ') && $1)
	  AND NOT (` + accuses + `) END)`

// accuses holds for a demand that is no ticket yet, or never became one, and whose
// source accuses one of $1. The source is JSON (channel/ombudsman.Submission), in
// which only a name stands between quotes without backslashes; encode bears any
// other bytes.
const accuses = `CASE WHEN g.channel = 'ombudsman' AND g.ticket_id IS NULL AND g.raw IS NOT NULL
	THEN coalesce(string_to_array(substring(encode(g.raw, 'escape') FROM '"barred":"([^"]*)"'), ' ') && $1, false) ELSE false END`

// wall is how the asker stands to the wall: nil before it, else what of them may
// be barred (access.Scope.Keys).
func wall(see access.Scope) []string {
	if !see.Walled {
		return nil
	}
	return append([]string{}, see.Keys...)
}

// everything is the scope of the program itself.
var everything = access.Scope{AllTeams: true, Walled: true}

// Ledger lists the newest entries first. The cursor is opaque; an empty next one
// ends the list. What stands behind the wall is left out for who does not see it.
func (in *Intake) Ledger(ctx context.Context, q Query, see access.Scope) (entries []Entry, next string, err error) {
	if q.Fate != "" && !slices.Contains(Fates, q.Fate) {
		return nil, "", ErrFate
	}
	before, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, largestPage)
	// The fate is written out, not passed: the index over the rare ones is a partial one.
	only := ""
	if q.Fate != "" {
		only = " AND g.fate = '" + string(q.Fate) + "'"
	}
	day := pgtype.Date{}
	if q.Day != (brazil.Date{}) {
		day = pgDate(q.Day)
	}
	rows, err := in.db.Pool.Query(ctx, `SELECT `+entryColumns+`
		WHERE g.id < $4 AND `+visible+only+` AND ($5::text = '' OR g.channel = $5) AND ($6::date IS NULL OR g.day = $6)
		ORDER BY g.id DESC LIMIT $7`, wall(see), see.AllTeams, see.Teams, before, q.Channel, day, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the ledger: %w", err)
	}
	entries, err = pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, "", fmt.Errorf("list the ledger: %w", err)
	}
	if len(entries) > limit {
		entries = entries[:limit]
		next = formatCursor(entries[limit-1].ID)
	}
	return entries, next, in.title(ctx, entries)
}

// Entry reads one entry, with what can be told of its source before it is
// understood (see Previewer): nothing, when the asker may not have the source.
func (in *Intake) Entry(ctx context.Context, id int64, see access.Scope) (Entry, map[string]string, error) {
	rows, err := in.db.Pool.Query(ctx, `SELECT `+entryColumns+` WHERE g.id = $4 AND `+visible,
		wall(see), see.AllTeams, see.Teams, id)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Entry{}, nil, ErrNotFound
	case err != nil:
		return Entry{}, nil, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	}
	raw, err := in.Source(ctx, id, see)
	if errors.Is(err, ErrPurged) || errors.Is(err, ErrNotFound) {
		return e, nil, nil
	}
	if err != nil {
		return Entry{}, nil, err
	}
	told := in.preview(e.Channel, raw)
	e.From, e.Subject = told["from"], told["subject"]
	return e, told, nil
}

// Source is the raw source of an entry, as it was received. That of a ticket is
// not found by who does not see the ticket.
func (in *Intake) Source(ctx context.Context, id int64, see access.Scope) ([]byte, error) {
	var raw []byte
	var blobHash *string
	var purged bool
	err := in.db.Pool.QueryRow(ctx, `SELECT g.raw, g.raw_blob, g.purged_at IS NOT NULL
		FROM intake_ledger g LEFT JOIN tickets t ON t.id = g.ticket_id
		WHERE g.id = $2 AND `+visible+` AND (t.id IS NULL OR $3 OR t.team_id = ANY($4::bigint[]))`, wall(see), id, see.AllTeams, see.Teams).
		Scan(&raw, &blobHash, &purged)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("read the source of entry %d of the ledger: %w", id, err)
	case purged:
		return nil, ErrPurged
	}
	return in.source(raw, blobHash)
}

// Previewer is a digester that can tell a little of what it cannot digest, such
// as the subject and the sender of a mail. The keys are those of an Inbound in
// small letters: from, to, subject, date, body, and parts for the names of files,
// one in a line. All are plain text. It must bear any bytes.
type Previewer interface {
	Preview(raw []byte) map[string]string
}

// preview asks the channel's digester; what panics has nothing to tell.
func (in *Intake) preview(ch channel.Name, raw []byte) (told map[string]string) {
	p, ok := in.digesters[ch].(Previewer)
	if !ok {
		if in.digesters[ch] == nil {
			return webform.Preview(raw)
		}
		return nil
	}
	_ = guarded(func() error {
		told = p.Preview(raw)
		return nil
	})
	return told
}

func scanEntry(row pgx.CollectableRow) (e Entry, err error) {
	err = row.Scan(&e.ID, &e.Channel, &e.Fate, &e.Reason, &e.TicketID, &e.Protocol, &e.MessageID, &e.Attempts, &e.Failures,
		&e.ReceivedAt, &e.FatedAt, &e.NextTry, &e.DecidedBy, &e.Remark, &e.Purged)
	return e, err
}

// titleBytes is how much of each source is read for a list.
const titleBytes = 64 << 10

// title fills in who each entry says to be from and what about, so that those who
// wait for the same reason can be told apart. A ticket of a team that the asker
// does not see has no protocol, and here no title.
func (in *Intake) title(ctx context.Context, entries []Entry) error {
	at := make(map[int64]*Entry, len(entries))
	for i := range entries {
		e := &entries[i]
		if !e.Purged && (e.TicketID == nil || e.Protocol != "") {
			at[e.ID] = e
		}
	}
	rows, err := in.db.Pool.Query(ctx, `SELECT id, substring(raw FOR $2), raw_blob FROM intake_ledger WHERE id = ANY($1)`,
		slices.Collect(maps.Keys(at)), titleBytes)
	if err != nil {
		return fmt.Errorf("read the titles of the ledger: %w", err)
	}
	var id int64
	var start []byte
	var hash *string
	_, err = pgx.ForEachRow(rows, []any{&id, &start, &hash}, func() error {
		if hash != nil {
			start = in.startOf(*hash)
		}
		e := at[id]
		told := in.preview(e.Channel, start)
		e.From, e.Subject = told["from"], told["subject"]
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the titles of the ledger: %w", err)
	}
	return nil
}

// startOf reads the start of a large source. One that cannot be read has no
// title here, and tells why when it is opened.
func (in *Intake) startOf(hash string) []byte {
	f, err := in.blobs.Open(hash)
	if err != nil {
		return nil
	}
	defer f.Close()
	start, _ := io.ReadAll(io.LimitReader(f, titleBytes))
	return start
}

func formatCursor(id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("l" + strconv.FormatInt(id, 36)))
}

func parseCursor(s string) (int64, error) {
	if s == "" {
		return 1<<63 - 1, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(text) < 2 || text[0] != 'l' {
		return 0, ErrCursor
	}
	id, err := strconv.ParseInt(string(text[1:]), 36, 64)
	if err != nil || id <= 0 {
		return 0, ErrCursor
	}
	return id, nil
}
