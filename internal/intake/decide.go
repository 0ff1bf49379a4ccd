package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
)

// MaxRemark bounds what a person says about a discarded entry, in runes.
const MaxRemark = 500

// ErrRemark is a discard without a reason, or with one that is no text.
var ErrRemark = fault.New(fault.Invalid, "discard_reason")

// ReasonByHand marks an entry that a person discarded.
const ReasonByHand = "by_hand"

// Discard lets a person decide that something is to become nothing: who, when
// and why stay with the entry, and so does its source. What has another fate
// already fails with ErrSettled; what the actor does not see is not found.
func (in *Intake) Discard(ctx context.Context, who access.Actor, id int64, remark string) error {
	remark, err := checkRemark(remark)
	if err != nil {
		return err
	}
	var seen, settled bool
	err = in.db.Pool.QueryRow(ctx, `
		WITH seen AS (SELECT g.id, g.channel, g.fate, g.day, g.walled FROM intake_ledger g WHERE g.id = $2 AND `+visible+`),
		old AS (
		  SELECT g.id, g.channel, g.fate, g.day, g.walled FROM intake_ledger g JOIN seen USING (id)
		  WHERE g.fate IN ('pending', 'quarantined') FOR UPDATE OF g),
		counted AS (
		  INSERT INTO intake_tallies (channel, fate, walled, day, n)
		  SELECT channel, fate, walled, day, -1 FROM old UNION ALL SELECT channel, 'discarded', walled, day, 1 FROM old),
		done AS (
		  UPDATE intake_ledger g SET fate = 'discarded', reason = $3, decided_by = $4, remark = $5, fated_at = now()
		  FROM old WHERE g.id = old.id RETURNING g.id)
		SELECT EXISTS (SELECT FROM seen), EXISTS (SELECT FROM done)`,
		wall(who.Scope()), id, ReasonByHand, who.AccountID, remark).Scan(&seen, &settled)
	switch {
	case err != nil:
		return fmt.Errorf("discard entry %d of the ledger: %w", id, err)
	case !seen:
		return ErrNotFound
	case !settled:
		return ErrSettled
	}
	return nil
}

// checkRemark is what a person says about an entry that they let go, without
// blanks around it, or ErrRemark.
func checkRemark(remark string) (string, error) {
	remark = strings.TrimSpace(remark)
	switch {
	case remark == "":
		return "", ErrRemark.Field("body.reason", "required")
	case !utf8.ValidString(remark) || strings.ContainsRune(remark, 0):
		return "", ErrRemark.Field("body.reason", "not_text")
	case utf8.RuneCountInString(remark) > MaxRemark:
		e := *ErrRemark
		e.Details = []fault.Detail{{Field: "body.reason", Code: "too_long", Args: map[string]any{"max": MaxRemark}}}
		return "", &e
	}
	return remark, nil
}

// Retry takes in again what is pending, quarantined or was discarded, from its
// raw source. It fails with what is still wrong, and then the entry waits as it
// did; what was discarded is quarantined again. What Ledger leaves out is not
// found.
func (in *Intake) Retry(ctx context.Context, id int64, see access.Scope) (Receipt, error) {
	var ch channel.Name
	var fate Fate
	var key string
	var raw []byte
	var blobHash *string
	var received time.Time
	var purged bool
	err := in.db.Pool.QueryRow(ctx, `SELECT g.channel, g.fate, g.source_key, g.raw, g.raw_blob, g.received_at, g.purged_at IS NOT NULL
		FROM intake_ledger g WHERE g.id = $2 AND `+visible, wall(see), id).
		Scan(&ch, &fate, &key, &raw, &blobHash, &received, &purged)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Receipt{}, ErrNotFound
	case err != nil:
		return Receipt{}, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	case fate != FatePending && fate != FateQuarantined && fate != FateDiscarded:
		return Receipt{}, ErrSettled
	case purged:
		return Receipt{}, ErrPurged
	case in.digesters[ch] != nil:
		return in.digestAgain(ctx, id)
	}
	if raw, err = in.source(raw, blobHash); err != nil {
		return Receipt{}, err
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

// digestAgain gives an entry back to its digester, which finds it new, and waits
// for what comes of it.
func (in *Intake) digestAgain(ctx context.Context, id int64) (Receipt, error) {
	var s Stored
	var hash, envelope []byte
	err := in.db.Pool.QueryRow(ctx, `
		WITH old AS (
		  SELECT id, channel, fate, day, walled FROM intake_ledger
		  WHERE id = $1 AND fate IN ('pending', 'quarantined', 'discarded') AND purged_at IS NULL FOR UPDATE),
		counted AS (
		  INSERT INTO intake_tallies (channel, fate, walled, day, n)
		  SELECT channel, fate, walled, day, -1 FROM old UNION ALL SELECT channel, 'pending', walled, day, 1 FROM old)
		UPDATE intake_ledger g
		SET fate = 'pending', reason = '', ticket_id = NULL, message_id = NULL, attempts = 1, failures = 0, fated_at = NULL,
		    decided_by = NULL, remark = '', next_try = now() + $2 * interval '1 microsecond'
		FROM old WHERE g.id = old.id
		RETURNING g.id, g.channel, g.source_key, g.body_hash, g.raw, g.raw_blob, g.envelope, g.received_at, g.attempts`,
		id, in.pace.lease().Microseconds()).
		Scan(&s.LedgerID, &s.Channel, &s.SourceKey, &hash, &s.Raw, &s.blob, &envelope, &s.ReceivedAt, &s.Attempts)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Receipt{}, ErrSettled
	case err != nil:
		return Receipt{}, fmt.Errorf("give entry %d of the ledger back: %w", id, err)
	}
	copy(s.BodyHash[:], hash)
	s.Envelope, s.ByHand = json.RawMessage(envelope), true
	r, err := in.digestOnce(ctx, in.db, s)
	if err != nil {
		in.failed(context.WithoutCancel(ctx), s, 0, err)
	}
	return r, err
}

// retryPending tries what has no digester and waited for better times, oldest
// first, until the times turn out not to be better. What is wrong by itself stays
// for a person.
func (in *Intake) retryPending(ctx context.Context) error {
	rows, err := in.db.Pool.Query(ctx, `SELECT id FROM intake_ledger WHERE fate = 'pending' AND channel = $1 ORDER BY id LIMIT 500`, channel.Webform)
	if err != nil {
		return fmt.Errorf("look for what is pending: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("look for what is pending: %w", err)
	}
	for _, id := range ids {
		switch _, err := in.Retry(ctx, id, everything); {
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
