package ticket

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
)

// Read is up to where somebody had seen a ticket before, and when that was. The
// zero value is never.
type Read struct {
	Version int
	At      time.Time
}

// Look notes that the actor has a ticket before their eyes as it is at a version,
// and gives what they had seen before. Only news that wait for this actor (a
// customer's message to its assignee, a note that names them) make it a change of
// the ticket; else it is a row of the actor's own, and no write at all when the
// ticket has not changed since. A ticket that the actor may not see is ErrNotFound.
func Look(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64, version int, now time.Time) (was Read, changed bool, err error) {
	err = tx.WithContext(ctx).Raw("SELECT version, at FROM ticket_reads WHERE account_id = ? AND ticket_id = ?", actor.AccountID, id).Scan(&was).Error
	if err != nil {
		return Read{}, false, fmt.Errorf("read what account %d has seen of ticket %d: %w", actor.AccountID, id, err)
	}
	t, err := ByID(ctx, tx, id)
	if err != nil {
		return Read{}, false, err
	}
	if !actor.MaySee(t.Audience()) {
		return Read{}, false, ErrNotFound
	}
	version = min(version, t.Version)
	if version > was.Version {
		err = tx.WithContext(ctx).Exec(`INSERT INTO ticket_reads (account_id, ticket_id, version, at) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id, ticket_id) DO UPDATE SET version = excluded.version, at = excluded.at
			WHERE ticket_reads.version < excluded.version`, actor.AccountID, id, version, now).Error
		if err != nil {
			return Read{}, false, fmt.Errorf("note what account %d has seen of ticket %d: %w", actor.AccountID, id, err)
		}
	}
	if !t.newsFor(actor.AccountID) {
		return was, false, nil
	}
	_, err = Change(ctx, tx, id, Cause{Kind: event.TicketRead, ActorID: &actor.AccountID, At: now}, func(t *Ticket) error {
		if !actor.MaySee(t.Audience()) {
			return ErrNotFound
		}
		changed, err = t.seen(ctx, tx, actor.AccountID, version)
		if err == nil && !changed {
			return ErrUnchanged
		}
		return err
	})
	return was, changed, err
}

func (t Ticket) newsFor(account int64) bool {
	return t.Unread && t.AssigneeID != nil && *t.AssigneeID == account || slices.Contains(t.Mentioned, account)
}

// seen takes away what waited for an account that has seen the ticket up to a
// version: not what came after it.
func (t *Ticket) seen(ctx context.Context, tx *gorm.DB, account int64, version int) (changed bool, err error) {
	if t.Unread && t.AssigneeID != nil && *t.AssigneeID == account {
		if t.Unread, err = spokenAfter(ctx, tx, t.ID, version); err != nil {
			return false, err
		}
		changed = !t.Unread
	}
	if slices.Contains(t.Mentioned, account) {
		var since bool
		err := tx.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM notes n JOIN note_mentions m ON m.note_id = n.id
			WHERE n.ticket_id = ? AND m.account_id = ? AND n.version > ?)`, t.ID, account, version).Scan(&since).Error
		if err != nil {
			return false, fmt.Errorf("look for mentions in ticket %d: %w", t.ID, err)
		}
		if !since {
			t.Mentioned = slices.DeleteFunc(slices.Clone(t.Mentioned), func(id int64) bool { return id == account })
			changed = true
		}
	}
	return changed, nil
}

// handed settles what is unread of a ticket that has come to another assignee:
// what they have not seen themselves. Whoever takes it has it before their eyes.
func (t *Ticket) handed(ctx context.Context, tx *gorm.DB, was Ticket, by *int64) error {
	if t.AssigneeID == nil {
		t.Unread = false
		return nil
	}
	if was.AssigneeID != nil && *was.AssigneeID == *t.AssigneeID {
		return nil
	}
	if err := t.handCommitments(ctx, tx, was); err != nil {
		return err
	}
	if by != nil && *by == *t.AssigneeID {
		t.Unread = false
		return nil
	}
	var seen Read
	err := tx.WithContext(ctx).Raw("SELECT version, at FROM ticket_reads WHERE account_id = ? AND ticket_id = ?", *t.AssigneeID, t.ID).Scan(&seen).Error
	if err != nil {
		return fmt.Errorf("read what the assignee has seen of ticket %d: %w", t.ID, err)
	}
	t.Unread, err = spokenAfter(ctx, tx, t.ID, seen.Version)
	return err
}

func spokenAfter(ctx context.Context, tx *gorm.DB, id int64, version int) (yes bool, err error) {
	err = tx.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM messages WHERE ticket_id = ? AND direction = 'in' AND NOT automatic AND version > ?)`,
		id, version).Scan(&yes).Error
	if err != nil {
		return false, fmt.Errorf("look for messages of ticket %d: %w", id, err)
	}
	return yes, nil
}

// unreadAfter is what a message makes of unread: the customer's waits to be seen
// by the assignee, who has seen what they answer.
func (t *Ticket) unreadAfter(m Message) bool {
	switch {
	case t.AssigneeID == nil:
		return false
	case m.Direction == In:
		return true
	}
	return t.Unread && (m.AuthorID == nil || *m.AuthorID != *t.AssigneeID)
}
