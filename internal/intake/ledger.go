package intake

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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
)

// Summary says how many things came in and what became of them. Received is
// always Accounted plus Pending.
type Summary struct {
	Received, Accounted, Pending int64
	ByFate                       map[Fate]int64
	ByChannel                    map[channel.Name]int64
}

// Summary adds up the tallies: a handful of rows, however long the ledger is.
// What came to the ombudsman is left out unless walled is set.
func (in *Intake) Summary(ctx context.Context, walled bool) (Summary, error) {
	s := Summary{ByFate: map[Fate]int64{}, ByChannel: map[channel.Name]int64{}}
	rows, err := in.db.Pool.Query(ctx, `SELECT channel, fate, sum(n)::bigint FROM intake_tallies
		WHERE $1 OR channel <> $2 GROUP BY channel, fate`, walled, channel.Ombudsman)
	if err != nil {
		return s, fmt.Errorf("add up the intake: %w", err)
	}
	var ch channel.Name
	var fate Fate
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&ch, &fate, &n}, func() error {
		s.ByFate[fate] += n
		s.ByChannel[ch] += n
		s.Received += n
		if fate == FatePending {
			s.Pending += n
		} else {
			s.Accounted += n
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("add up the intake: %w", err)
	}
	return s, nil
}

// foldTallies makes one row of each channel's, fate's and day's. Two nodes that do it
// at once fold different rows; a reader sees either all of them or the sum.
func foldTallies(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `
		WITH old AS (
		  SELECT id FROM intake_tallies
		  WHERE (channel, fate, day) IN (SELECT channel, fate, day FROM intake_tallies GROUP BY channel, fate, day HAVING count(*) > 1)
		  ORDER BY id LIMIT 20000 FOR UPDATE SKIP LOCKED),
		gone AS (DELETE FROM intake_tallies t USING old WHERE t.id = old.id RETURNING t.channel, t.fate, t.day, t.n)
		INSERT INTO intake_tallies (channel, fate, day, n) SELECT channel, fate, day, sum(n) FROM gone
		GROUP BY channel, fate, day HAVING sum(n) <> 0`)
	if err != nil {
		return fmt.Errorf("fold the tallies of the intake: %w", err)
	}
	return nil
}

// Entry is one row of the ledger, without its raw source.
type Entry struct {
	ID         int64
	Channel    channel.Name
	Fate       Fate
	Reason     string // ReasonSameContent, or the code of the fault that kept it from being taken in
	TicketID   *int64
	MessageID  *int64
	Attempts   int
	ReceivedAt time.Time
	FatedAt    *time.Time
}

const (
	defaultPage = 50
	largestPage = 200
)

// Ledger lists the newest entries first, those of one fate or, with an empty
// one, all. The cursor is opaque; an empty next one ends the list. What belongs
// to a walled ticket, or would become one, is left out unless walled is set.
func (in *Intake) Ledger(ctx context.Context, fate Fate, walled bool, cursor string, limit int) (entries []Entry, next string, err error) {
	if fate != "" && !slices.Contains(Fates, fate) {
		return nil, "", ErrFate
	}
	before, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, largestPage)
	// Written out, not passed: the index over the rare fates is a partial one.
	only := ""
	if fate != "" {
		only = " AND g.fate = '" + string(fate) + "'"
	}
	rows, err := in.db.Pool.Query(ctx, `
		SELECT g.id, g.channel, g.fate, g.reason, g.ticket_id, g.message_id, g.attempts, g.received_at, g.fated_at
		FROM intake_ledger g
		WHERE g.id < $1`+only+`
		  AND ($2 OR g.channel <> $4 AND NOT EXISTS (SELECT FROM tickets t WHERE t.id = g.ticket_id AND t.walled))
		ORDER BY g.id DESC LIMIT $3`, before, walled, limit+1, channel.Ombudsman)
	if err != nil {
		return nil, "", fmt.Errorf("list the ledger: %w", err)
	}
	entries, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return nil, "", fmt.Errorf("list the ledger: %w", err)
	}
	if len(entries) > limit {
		entries = entries[:limit]
		next = formatCursor(entries[limit-1].ID)
	}
	return entries, next, nil
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

// Source is the raw source of an entry, as it was received.
func (in *Intake) Source(ctx context.Context, id int64) ([]byte, error) {
	var raw []byte
	err := in.db.Pool.QueryRow(ctx, `SELECT raw FROM intake_ledger WHERE id = $1`, id).Scan(&raw)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("read the source of entry %d of the ledger: %w", id, err)
	}
	return raw, nil
}

// Retry takes in again what is pending or quarantined, from its raw source. It
// fails with what is still wrong, and then the entry stays as it is. What Ledger
// leaves out is not found.
func (in *Intake) Retry(ctx context.Context, id int64, walled bool) (Receipt, error) {
	var ch channel.Name
	var fate Fate
	var key string
	var raw []byte
	var received time.Time
	err := in.db.Pool.QueryRow(ctx, `SELECT g.channel, g.fate, g.source_key, g.raw, g.received_at FROM intake_ledger g WHERE g.id = $1
		AND ($2 OR g.channel <> $3 AND NOT EXISTS (SELECT FROM tickets t WHERE t.id = g.ticket_id AND t.walled))`, id, walled, channel.Ombudsman).
		Scan(&ch, &fate, &key, &raw, &received)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Receipt{}, ErrNotFound
	case err != nil:
		return Receipt{}, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	case fate != FatePending && fate != FateQuarantined:
		return Receipt{}, ErrSettled
	}
	if _, digested := in.digesters[ch]; digested {
		return in.digestByHand(ctx, id)
	}
	m, err := restore(ch, raw, key)
	if err != nil {
		return Receipt{}, err
	}
	m.Channel, m.ReceivedAt = ch, received
	it := in.prepare(ctx, m, origin{ledger: id})
	if err := in.write(ctx, []*item{it}, reclaimLedger); err != nil {
		if blamesData(err) {
			return Receipt{}, ErrRefused.Because(err)
		}
		return Receipt{}, err
	}
	in.poke.Poke()
	a := <-it.done
	return a.receipt, a.err
}

// retryPending tries what has no digester and waited for better times, oldest first, until the times
// turn out not to be better. What is wrong by itself stays for a person.
func (in *Intake) retryPending(ctx context.Context) error {
	rows, err := in.db.Pool.Query(ctx, `SELECT id FROM intake_ledger WHERE fate = 'pending' AND NOT channel = ANY($1) ORDER BY id LIMIT 500`,
		in.digested())
	if err != nil {
		return fmt.Errorf("look for what is pending: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("look for what is pending: %w", err)
	}
	for _, id := range ids {
		switch _, err := in.Retry(ctx, id, true); {
		case errors.Is(err, ErrExhausted):
			return nil
		case err != nil && fault.From(err).Kind == fault.Internal:
			return err
		}
	}
	return nil
}

// restore reads the raw source as its channel wrote it. The web form's shape is
// also what other channels keep until they have one of their own.
func restore(_ channel.Name, raw []byte, key string) (channel.Inbound, error) {
	return webform.Restore(raw, key)
}
