package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// The failures of a call with an Idempotency-Key.
var (
	ErrKeyInvalid = fault.New(fault.Invalid, "idempotency_key_invalid")
	ErrKeyReused  = fault.New(fault.Invalid, "idempotency_key_reused")
	ErrInProgress = fault.New(fault.Conflict, "idempotency_in_progress")
)

const (
	// answersKept is how long a call can be repeated for the same answer.
	answersKept = 24 * time.Hour
	// runsAtMost is after how long a call without an answer is taken for dead: its
	// node was killed. It is longer than any request is allowed to take.
	runsAtMost = 2 * time.Minute
	// maxKey bounds an Idempotency-Key, in bytes.
	maxKey = 200
)

// Stored is the answer that the first call got.
type Stored struct {
	Status int // HTTP
	Body   []byte
}

// Idempotency remembers the answers of calls by staff and programs, by account
// and Idempotency-Key, so that a repeated call does not act twice.
//
// A node that is killed between the commit of an act and Finish leaves a call
// without an answer; after runsAtMost its repetition acts again. Acts for which
// twice is worse than never carry a version, a fence or seen_version besides.
type Idempotency struct {
	db  *postgres.DB
	now func() time.Time
}

// NewIdempotency needs PostgreSQL's clock.
func NewIdempotency(db *postgres.DB, now func() time.Time) *Idempotency {
	return &Idempotency{db, now}
}

// Begin claims the key for a call whose method, path and body hash to hash.
//
// It returns nil when the call should go on, to end with Finish or Abandon; and
// the answer of the first call when there was one. The same key with another
// hash is ErrKeyReused, and while the first call is still running ErrInProgress.
func (i *Idempotency) Begin(ctx context.Context, accountID int64, key string, hash []byte) (*Stored, error) {
	if !isKey(key) {
		return nil, ErrKeyInvalid
	}
	// The row can be gone between the two statements (Abandon, purge): then the
	// key is free and the next round claims it.
	for range 3 {
		now := i.now()
		done, err := i.db.Pool.Exec(ctx, `
			INSERT INTO idempotency_keys (account_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account_id, key) DO UPDATE SET created_at = excluded.created_at
			WHERE idempotency_keys.status = 0 AND idempotency_keys.request_hash = excluded.request_hash
			  AND idempotency_keys.created_at < $5`, accountID, key, hash, now, now.Add(-runsAtMost))
		if err != nil {
			return nil, fmt.Errorf("claim an idempotency key of account %d: %w", accountID, err)
		}
		if done.RowsAffected() == 1 {
			return nil, nil //nolint:nilnil // nothing stored: go on
		}
		var first Stored
		var of []byte
		err = i.db.Pool.QueryRow(ctx, `
			SELECT request_hash, status, body FROM idempotency_keys WHERE account_id = $1 AND key = $2`, accountID, key).
			Scan(&of, &first.Status, &first.Body)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			continue
		case err != nil:
			return nil, fmt.Errorf("read an idempotency key of account %d: %w", accountID, err)
		case !bytes.Equal(of, hash):
			return nil, ErrKeyReused
		case first.Status == 0:
			return nil, ErrInProgress.After(time.Second)
		}
		return &first, nil
	}
	return nil, ErrInProgress.After(time.Second)
}

// Finish stores the answer for repetitions. It is called whatever became of the
// caller's connection, since the act is done.
func (i *Idempotency) Finish(ctx context.Context, accountID int64, key string, answer Stored) error {
	_, err := i.db.Pool.Exec(ctx, `
		UPDATE idempotency_keys SET status = $3, body = $4 WHERE account_id = $1 AND key = $2 AND status = 0`,
		accountID, key, answer.Status, answer.Body)
	if err != nil {
		return fmt.Errorf("store the answer for an idempotency key of account %d: %w", accountID, err)
	}
	return nil
}

// Abandon frees the key of a call that did nothing, such as one refused for
// being busy: its repetition should have a chance.
func (i *Idempotency) Abandon(ctx context.Context, accountID int64, key string) error {
	_, err := i.db.Pool.Exec(ctx, `
		DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND status = 0`, accountID, key)
	if err != nil {
		return fmt.Errorf("free an idempotency key of account %d: %w", accountID, err)
	}
	return nil
}

// isKey accepts visible ASCII, so that a key is the same text everywhere.
func isKey(key string) bool {
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return key != "" && len(key) <= maxKey
}
