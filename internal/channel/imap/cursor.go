package imap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errLost means that the lease is over: what this node does for the mailbox is
// not its business any more.
var errLost = errors.New("the lease of the mailbox is over")

// cursor is how far a mailbox was fetched, held by a lease.
type cursor struct {
	pool    *pgxpool.Pool
	mailbox int64
	fence   int64
	lease   time.Duration

	validity uint32
	uid      uint32
	stuck    int // how often the mail after uid could not be fetched
}

// take gets the lease of a mailbox, unless another node has it (false). The
// position starts again when it is one of another source.
func take(ctx context.Context, pool *pgxpool.Pool, owner string, a Account, lease time.Duration) (*cursor, bool, error) {
	c := &cursor{pool: pool, mailbox: a.MailboxID, lease: lease}
	err := pool.QueryRow(ctx, `
		INSERT INTO mailbox_cursors AS c (mailbox_id, source, owner, fence, lease_until)
		VALUES ($1, $2, $3, 1, now() + $4)
		ON CONFLICT (mailbox_id) DO UPDATE SET
			owner = excluded.owner, fence = c.fence + 1, lease_until = excluded.lease_until, source = excluded.source,
			uidvalidity = CASE WHEN c.source = excluded.source THEN c.uidvalidity ELSE 0 END,
			uid = CASE WHEN c.source = excluded.source THEN c.uid ELSE 0 END,
			stuck = CASE WHEN c.source = excluded.source THEN c.stuck ELSE 0 END
		WHERE c.lease_until < now()
		RETURNING fence, uidvalidity, uid, stuck`,
		a.MailboxID, a.source(), owner, lease).Scan(&c.fence, &c.validity, &c.uid, &c.stuck)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("take the lease of mailbox %d: %w", a.MailboxID, err)
	}
	return c, true, nil
}

// write changes the row while the lease lasts, else fails with errLost.
func (c *cursor) write(ctx context.Context, set string, args ...any) error {
	done, err := c.pool.Exec(ctx, `UPDATE mailbox_cursors SET `+set+` WHERE mailbox_id = $1 AND fence = $2 AND lease_until > now()`,
		append([]any{c.mailbox, c.fence}, args...)...)
	if err != nil {
		return fmt.Errorf("write the cursor of mailbox %d: %w", c.mailbox, err)
	}
	if done.RowsAffected() == 0 {
		return errLost
	}
	return nil
}

// renew makes the lease last from now.
func (c *cursor) renew(ctx context.Context) error {
	return c.write(ctx, `lease_until = now() + $3`, c.lease)
}

// release gives the lease to whoever is next.
func (c *cursor) release(ctx context.Context) error {
	return c.write(ctx, `lease_until = '-infinity', owner = ''`)
}

// begin starts from the first mail of another numbering.
func (c *cursor) begin(ctx context.Context, validity uint32) error {
	if err := c.write(ctx, `uidvalidity = $3, uid = 0, stuck = 0`, validity); err != nil {
		return err
	}
	c.validity, c.uid, c.stuck = validity, 0, 0
	return nil
}

// passing bounds how long a node that stops still takes to note what it has done.
const passing = 2 * time.Second

// pass moves on to uid; mails says whether there were any on the way. What was
// accepted is passed also when ctx has ended, or the next node would fetch it all
// again only to learn that it is known.
func (c *cursor) pass(ctx context.Context, uid uint32, mails bool) error {
	if uid <= c.uid {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), passing)
	defer cancel()
	set := `uid = $3, stuck = 0`
	if mails {
		set += `, last_mail_at = now()`
	}
	if err := c.write(ctx, set, uid); err != nil {
		return err
	}
	c.uid, c.stuck = uid, 0
	return nil
}

// stumble counts one more failure at the mail after the position.
func (c *cursor) stumble(ctx context.Context) error {
	if err := c.write(ctx, `stuck = stuck + 1`); err != nil {
		return err
	}
	c.stuck++
	return nil
}

// fared notes how the mailbox fares; an empty failure is well.
func (c *cursor) fared(ctx context.Context, failure string) error {
	if failure == "" {
		return c.write(ctx, `last_ok_at = now(), failure = ''`)
	}
	return c.write(ctx, `failed_at = now(), failure = $3`, failure)
}
