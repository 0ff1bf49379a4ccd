package intake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/escuta-sac/escuta/internal/channel"
)

const (
	inRow    = 256 << 10 // bytes of a raw source that the row holds; more goes to the blob store
	groupRaw = 8 << 20   // bytes of raw source after which a group is large enough
)

// arrival is one thing on its way into the ledger.
type arrival struct {
	channel.Arrival
	ctx   context.Context
	until time.Time // after which it is not tried again
	day   pgtype.Date
	blob  string // where its raw source is, when the row does not hold it
	done  chan accepted
}

type accepted struct {
	acceptance channel.Acceptance
	err        error
}

// Accept implements channel.Acceptor: the thing is a pending row of the ledger,
// with all its bytes on disk, when this returns. What becomes of it is decided
// later (see Digest).
//
// The same key with the same content is a repetition: nothing is stored, nothing
// is wrong. With other content it fails with ErrReused. What was removed from the
// ledger for good is acknowledged and not taken in again; it has no LedgerID. When
// more waits than can be written soon, it fails at once with ErrBusy.
func (in *Intake) Accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	now := in.now()
	it := &arrival{Arrival: a, ctx: ctx, until: now.Add(patience), done: make(chan accepted, 1)}
	if it.ReceivedAt.IsZero() {
		it.ReceivedAt = now
	}
	it.day = in.dayOf(it.ReceivedAt)
	if len(a.Raw) > inRow {
		ref, err := in.blobs.Put(ctx, bytes.NewReader(a.Raw), int64(len(a.Raw)))
		if err != nil {
			return channel.Acceptance{}, fmt.Errorf("keep a raw source: %w", err)
		}
		it.blob, it.Raw = ref.Hash, nil
	}
	select {
	case <-in.stopped:
		return channel.Acceptance{}, ErrStopped
	default:
	}
	select {
	case in.arrivals <- it:
	default:
		return channel.Acceptance{}, ErrBusy
	}
	select {
	case got := <-it.done:
		return got.acceptance, got.err
	case <-ctx.Done():
		return channel.Acceptance{}, ErrUnconfirmed.Because(ctx.Err())
	case <-in.stopped:
		// The last accepter answers everything it still has before it says so.
		select {
		case got := <-it.done:
			return got.acceptance, got.err
		default:
			return channel.Acceptance{}, ErrStopped
		}
	}
}

// accepter takes groups off the queue and keeps them, one after the other.
func (in *Intake) accepter(ctx context.Context) {
	for {
		var group []*arrival
		size := 0
		gather(ctx, &in.accepting, in.arrivals, func(a *arrival) (more bool) {
			group = append(group, a)
			size += len(a.Raw)
			return len(group) < groupSize && size < groupRaw
		})
		if len(group) == 0 {
			return
		}
		in.accepting.busy.Add(1)
		in.keepAll(context.WithoutCancel(ctx), group)
		in.accepting.busy.Add(-1)
	}
}

// keepAll gives every arrival its answer. A group that PostgreSQL refuses for
// what is in it is halved until the bad one stands alone; whatever else goes
// wrong is tried again for as long as somebody waits for it.
func (in *Intake) keepAll(ctx context.Context, group []*arrival) {
	for try := 0; ; try++ {
		if group = in.stillWaiting(group); len(group) == 0 {
			return
		}
		err := in.keepGroup(ctx, group)
		switch {
		case err == nil:
			in.wakeUp(len(group))
			return
		case blamesData(err) && len(group) > 1:
			half := len(group) / 2
			in.keepAll(ctx, group[:half])
			in.keepAll(ctx, group[half:])
			return
		case blamesData(err):
			err = ErrRefused.Because(err)
		case passing(err):
			in.log.WarnContext(ctx, "a group of arrivals is tried again", "arrivals", len(group), "try", try+1, "error", err)
			time.Sleep(backoff(try))
			continue
		}
		for _, a := range group {
			a.done <- accepted{err: err}
		}
		return
	}
}

// stillWaiting leaves out those for which nobody waits any more.
func (in *Intake) stillWaiting(group []*arrival) []*arrival {
	now := in.now()
	alive := group[:0]
	for _, a := range group {
		if a.ctx.Err() != nil || now.After(a.until) {
			a.done <- accepted{err: ErrUnconfirmed.Because(a.ctx.Err())}
			continue
		}
		alive = append(alive, a)
	}
	return alive
}

// insertArrivals gives the rows that are new, counted as pending. A key that a
// rival is just inserting makes it wait for the rival's commit; sorted, two
// groups cannot wait for each other.
const insertArrivals = `
WITH kept AS (
  INSERT INTO intake_ledger (channel, source_key, body_hash, raw, raw_blob, envelope, fate, attempts, received_at, day, walled)
  SELECT ch, k, h, r, nullif(b, ''), e, 'pending', 0, at, day, ch = 'ombudsman'
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::jsonb[], $7::timestamptz[], $8::date[], $9::bytea[])
       u(ch, k, h, r, b, e, at, day, stone)
  WHERE NOT EXISTS (SELECT FROM intake_tombstones s WHERE s.key_hash = u.stone)
  ORDER BY k
  ON CONFLICT (source_key) DO NOTHING
  RETURNING id, channel, walled, day),
counted AS (INSERT INTO intake_tallies (channel, fate, walled, day, n)
  SELECT channel, 'pending', walled, day, count(*) FROM kept GROUP BY channel, walled, day)
SELECT id FROM kept`

// keepGroup writes the group in one transaction and one round trip, and answers
// it when that is committed. On an error nobody has been answered.
func (in *Intake) keepGroup(ctx context.Context, group []*arrival) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	keys := column(group, func(a *arrival) string { return a.SourceKey })
	fresh := make(map[int64]bool, len(group))
	type row struct {
		id   int64
		hash []byte
	}
	rows := make(map[string]row, len(group))
	var batch pgx.Batch
	batch.Queue(insertArrivals,
		column(group, func(a *arrival) string { return string(a.Channel) }), keys,
		column(group, func(a *arrival) []byte { return a.BodyHash[:] }),
		column(group, func(a *arrival) []byte { return a.Raw }),
		column(group, func(a *arrival) string { return a.blob }),
		column(group, func(a *arrival) json.RawMessage { return a.Envelope }),
		column(group, func(a *arrival) time.Time { return a.ReceivedAt }),
		column(group, func(a *arrival) pgtype.Date { return a.day }),
		column(group, func(a *arrival) []byte { return in.stone(a.SourceKey) }),
	).Query(func(r pgx.Rows) error {
		var id int64
		_, err := pgx.ForEachRow(r, []any{&id}, func() error { fresh[id] = true; return nil })
		return err
	})
	// A statement of its own, so that it sees what a rival committed meanwhile.
	batch.Queue(`SELECT source_key, id, body_hash FROM intake_ledger WHERE source_key = ANY($1::text[])`, keys).Query(func(r pgx.Rows) error {
		var key string
		var got row
		_, err := pgx.ForEachRow(r, []any{&key, &got.id, &got.hash}, func() error {
			rows[key] = got
			got.hash = nil
			return nil
		})
		return err
	})
	if err := in.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("keep a group of %d arrivals: %w", len(group), err)
	}
	for _, a := range group {
		got, there := rows[a.SourceKey]
		switch {
		case !there:
			a.done <- accepted{acceptance: channel.Acceptance{Replayed: true}} // it has a tombstone
		case !bytes.Equal(got.hash, a.BodyHash[:]):
			a.done <- accepted{err: ErrReused}
		default:
			a.done <- accepted{acceptance: channel.Acceptance{LedgerID: got.id, Replayed: !fresh[got.id]}}
			delete(fresh, got.id) // its twins in this group are repetitions
		}
	}
	return nil
}

// stone is what a tombstone keeps of a key: nothing that could be guessed back
// without the installation's secret.
func (in *Intake) stone(sourceKey string) []byte {
	mac := hmac.New(sha256.New, in.tokens.secret)
	mac.Write([]byte("ledger key|"))
	mac.Write([]byte(sourceKey))
	return mac.Sum(nil)
}

// source gives the raw bytes, wherever they are kept.
func (in *Intake) source(raw []byte, blobHash *string) ([]byte, error) {
	if blobHash == nil {
		return raw, nil
	}
	f, err := in.blobs.Open(*blobHash)
	if err != nil {
		return nil, fmt.Errorf("open a raw source: %w", err)
	}
	var all bytes.Buffer
	_, err = all.ReadFrom(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read a raw source: %w", err)
	}
	return all.Bytes(), nil
}
