package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// The reasons that trying to send gives.
const (
	NoRelay  = "no_relay"  // nobody is configured who would take it
	Refused  = "refused"   // for good (SMTP 5yz)
	Deferred = "deferred"  // for now (SMTP 4yz), or the connection failed
	NoAnswer = "no_answer" // all of it was said, and no answer came
	Expired  = "expired"   // tried for Patience, in vain
	Broken   = "broken"    // it cannot be written as a mail
)

// Patience is how long a mail is tried before it is given up (RFC 5321 4.5.4.1
// asks for four to five days of a relay; the next one has its own).
const Patience = 3 * 24 * time.Hour

// Handed notes that the next server has taken over what c claimed: the last word
// unless it comes back. A row that was freed meanwhile and not claimed again is
// settled, too: it has gone. done is false when the fence is not the row's.
func Handed(ctx context.Context, tx *gorm.DB, id, fence int64, answer string, at time.Time) (done bool, err error) {
	r, done, err := settle(ctx, tx, id, fence, Sent, "", answer)
	if err != nil || !done {
		return done, err
	}
	o := r.out()
	if err := customerTold(ctx, tx, o, *o.SettledAt, false); err != nil {
		return true, err
	}
	return true, Tell(ctx, tx, o, ticket.Sent, "", at)
}

// Fail notes that what c claimed will not be sent. hard says that there is no
// such address.
func Fail(ctx context.Context, tx *gorm.DB, c Claimed, reason, detail string, hard bool, at time.Time) error {
	r, done, err := settle(ctx, tx, c.ID, c.Fence, Failed, reason, detail)
	if err != nil || !done {
		return err
	}
	if hard {
		if err := reach.Bounced(ctx, tx, r.Recipient, at); err != nil {
			return err
		}
	}
	return Tell(ctx, tx, r.out(), ticket.Failed, reason, at)
}

// Refuse notes that the gate has closed since c was ordered.
func Refuse(ctx context.Context, tx *gorm.DB, c Claimed, reason string, at time.Time) error {
	r, done, err := settle(ctx, tx, c.ID, c.Fence, Suppressed, reason, "")
	if err != nil || !done {
		return err
	}
	return Tell(ctx, tx, r.out(), ticket.Failed, reason, at)
}

func settle(ctx context.Context, tx *gorm.DB, id, fence int64, to State, reason, detail string) (r row, done bool, err error) {
	err = tx.WithContext(ctx).Raw(`UPDATE outbox SET state = ?, reason = ?, detail = ?, settled_at = clock_timestamp()
		WHERE id = ? AND fence = ? AND state IN ('sending', 'queued') RETURNING *`, to, reason, clip(detail), id, fence).Scan(&r).Error
	if err != nil {
		return row{}, false, fmt.Errorf("note what became of %d: %w", id, err)
	}
	if r.ID == 0 {
		return row{}, false, nil
	}
	return r, true, next(ctx, tx, r)
}

// Later puts what c claimed back until after, and the message of it learns what
// it waits for.
func Later(ctx context.Context, tx *gorm.DB, c Claimed, reason, detail string, after time.Duration, at time.Time) error {
	var r row
	err := tx.WithContext(ctx).Raw(`UPDATE outbox SET state = 'queued', reason = ?, detail = ?, next_try = clock_timestamp() + make_interval(secs => ?),
		first_try = CASE WHEN ? THEN NULL ELSE first_try END
		WHERE id = ? AND fence = ? AND state = 'sending' RETURNING *`, reason, clip(detail), after.Seconds(), reason == NoRelay, c.ID, c.Fence).Scan(&r).Error
	if err != nil {
		return fmt.Errorf("try %d again later: %w", c.ID, err)
	}
	if r.ID == 0 {
		return nil
	}
	if err := jobs.Insert(tx, jobs.SendOut{OutID: r.ID}, r.NextTry); err != nil {
		return err
	}
	return Tell(ctx, tx, r.out(), ticket.Queued, reason, at)
}
