package imap

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
)

// Two nodes: one fetches each mailbox. When it stops the other goes on; when it
// vanishes the other goes on after the lease.
func TestTwoNodesShareTheMailboxes(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a, b := w.box(1, dovecot.Port), w.box(2, dovecot.Port)
	dovecot.Append(a.User, many(50)...)
	dovecot.Append(b.User, ordinary(100), ordinary(101))
	w.boxes.set(a, b)
	_, stopOne := w.node()
	w.node()
	eventually(t, "all fetched", func() bool { return len(w.kept()) == 52 })
	if w.replays() != 0 {
		t.Errorf("%d were fetched twice", w.replays())
	}
	eventually(t, "all passed", func() bool {
		_, first, _ := w.position(1)
		_, second, _ := w.position(2)
		return first == 50 && second == 2
	})
	stopOne()
	dovecot.Append(a.User, ordinary(200))
	dovecot.Append(b.User, ordinary(201))
	eventually(t, "the other node's turn", func() bool { return len(w.kept()) == 54 })
	if w.replays() != 0 {
		t.Errorf("%d were fetched twice", w.replays())
	}
}

func TestANodePausedPastItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1<<20)
	a := w.box(1, 1)
	ctx := t.Context()
	paused, mine, err := take(ctx, w.db.Pool, "um", a, 50*time.Millisecond)
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	if err := paused.begin(ctx, 7); err != nil {
		t.Fatal(err)
	}
	var other *cursor
	eventually(t, "the lease over", func() bool {
		other, mine, err = take(ctx, w.db.Pool, "dois", a, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return mine
	})
	if err := other.pass(ctx, 10, true); err != nil || other.validity != 7 {
		t.Fatal(other.validity, err)
	}
	for what, err := range map[string]error{
		"pass": paused.pass(ctx, 99, true), "begin": paused.begin(ctx, 8), "stumble": paused.stumble(ctx),
		"renew": paused.renew(ctx), "release": paused.release(ctx), "fared": paused.fared(ctx, "x"),
	} {
		if err != errLost {
			t.Errorf("%s: %v", what, err)
		}
	}
	if validity, uid, fence := w.position(1); validity != 7 || uid != 10 || fence != other.fence {
		t.Errorf("position %d/%d, fence %d", validity, uid, fence)
	}
	if _, mine, _ := take(ctx, w.db.Pool, "três", a, time.Minute); mine {
		t.Error("a lease that lives was taken")
	}
	// A mailbox that now is another folder's starts from the beginning.
	if err := other.release(ctx); err != nil {
		t.Fatal(err)
	}
	a.Folder = "Outra"
	if c, _, err := take(ctx, w.db.Pool, "um", a, time.Minute); err != nil || c.uid != 0 || c.validity != 0 {
		t.Errorf("another folder at %+v, %v", c, err)
	}
}
