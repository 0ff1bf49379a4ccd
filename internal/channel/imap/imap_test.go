package imap

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
)

// Attack 31, over IMAP: each file of the collection is one arrival, as Dovecot
// gives it out, and all that is behind it comes too.
func TestAttack031HostileMailsAreFetchedAsTheyAre(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 50<<20)
	a := w.box(1, dovecot.Port)
	var mails [][]byte
	for i, f := range hostile.Mails() {
		data := f.Data
		if len(data) == 0 || bytes.IndexByte(data, 0) >= 0 {
			continue // IMAP knows no empty literal in APPEND, and no NUL (RFC 3501, section 4.3)
		}
		mails = append(mails, data, ordinary(i))
	}
	dovecot.Append(a.User, mails...)
	w.boxes.set(a)
	w.node()
	eventually(t, "all mails fetched", func() bool { _, uid, _ := w.position(1); return int(uid) == len(mails) })
	all := w.kept()
	if len(all) != len(mails) {
		t.Errorf("%d arrivals of %d mails", len(all), len(mails))
	}
	byUID := map[uint32][]byte{}
	for _, got := range all {
		if key, sum := email.SourceKey(got.Raw); got.Channel != channel.Email || got.SourceKey != key || got.BodyHash != sum {
			t.Errorf("an arrival on %s with the key %s", got.Channel, got.SourceKey)
		}
		e := envelope(t, got)
		byUID[e.UID] = got.Raw
		if e.MailboxID != 1 || e.Folder != "INBOX" || e.UIDValidity == 0 || e.Withheld != "" {
			t.Errorf("envelope %+v", e)
		}
	}
	for i, raw := range mails {
		if got := byUID[uint32(i+1)]; !sameText(got, raw) {
			t.Errorf("mail %d arrived otherwise: %.80q", i+1, got)
		}
	}
	// Nothing on the server was touched.
	c := dovecot.Client(a.User)
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	seen, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(seen.AllUIDs()) != 0 {
		t.Errorf("%d mails are seen, %v", len(seen.AllUIDs()), err)
	}
	if word := w.health.of("imap:" + a.Address); word != "alive" {
		t.Errorf("the source is %q", word)
	}
}

// New mail is noticed, mail before a day is left, another numbering makes no doubles.
func TestAttack036AnotherNumberingMakesNoDoubles(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	dovecot.Append(a.User, many(30)...)
	w.boxes.set(a)
	_, stop := w.node()
	eventually(t, "thirty mails", func() bool { return len(w.kept()) == 30 })
	dovecot.Append(a.User, ordinary(30))
	eventually(t, "the one that came meanwhile", func() bool { return len(w.kept()) == 31 })
	before, _, _ := w.position(1)
	stop()

	dovecot.Kill()
	dovecot.Renumber(a.User)
	dovecot.Start()
	dovecot.Append(a.User, ordinary(31))
	w.node()
	eventually(t, "the one after the renumbering", func() bool { return len(w.kept()) == 32 })
	eventually(t, "all seen again", func() bool { _, uid, _ := w.position(1); return uid >= 32 })
	after, _, _ := w.position(1)
	if before == after || w.replays() < 31 || len(w.kept()) != 32 {
		t.Errorf("validity %d, then %d; %d replays; %d kept", before, after, w.replays(), len(w.kept()))
	}
}

func TestMailBeforeTheFirstDayIsLeft(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	a.Since = time.Now().UTC().AddDate(0, 0, 2).Truncate(24 * time.Hour)
	dovecot.Append(a.User, many(3)...)
	w.boxes.set(a)
	w.node()
	eventually(t, "a look", func() bool { return w.health.of("imap:"+a.Address) == "alive" })
	if n := len(w.kept()); n != 0 {
		t.Fatalf("%d were fetched", n)
	}
	a.Since, a.Version = time.Now().UTC().AddDate(0, 0, -2).Truncate(24*time.Hour), "2"
	w.boxes.set(a)
	eventually(t, "all three", func() bool { return len(w.kept()) == 3 })
}

// Kill -9 of the server while it is being read, several times: nothing lost,
// nothing twice.
func TestAServerThatCrashesCostsNothing(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	const n = 600
	dovecot.Append(a.User, many(n)...)
	w.boxes.set(a)
	w.node()
	for i := 1; i <= 3; i++ {
		eventually(t, "some mails", func() bool { return len(w.kept()) >= i*64 })
		dovecot.Kill()
		dovecot.Start()
	}
	eventually(t, "all of them", func() bool { return len(w.kept()) == n })
	eventually(t, "the cursor at the end", func() bool { _, uid, _ := w.position(1); return uid == n })
}

// What a mailbox brings is its own news: one that is busy does not hide that
// another one is silent. One that is fetched no more is expected to bring nothing.
func TestEachMailboxTellsOfItsOwnMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1<<20)
	busy := w.box(1, port(serve(t, turn{uidNext: 2, mails: map[int][]byte{1: ordinary(1)}}).ln))
	silent := w.box(2, port(serve(t, turn{uidNext: 1}).ln))
	w.boxes.set(busy, silent)
	w.node()
	eventually(t, "both are reached", func() bool {
		return w.health.mailOf("imap:"+busy.Address) == 1 && w.health.of("imap:"+silent.Address) == "alive"
	})
	if n := w.health.mailOf("imap:" + silent.Address); n != 0 {
		t.Errorf("the silent mailbox brought %d", n)
	}
	w.boxes.set(busy)
	eventually(t, "nobody waits for the one that is gone", func() bool { return w.health.of("imap:"+silent.Address) == "" })
}

// Attack 35, over IMAP: of a mail over the limit only the header comes, marked,
// and what is behind it is fetched.
func TestAttack035AnOversizedMailIsKeptAsItsHeader(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	large := append(ordinary(1), bytes.Repeat([]byte(strings.Repeat("a", 70)+"\r\n"), 50_000)...)
	dovecot.Append(a.User, ordinary(0), large, ordinary(2))
	w.boxes.set(a)
	w.node()
	eventually(t, "all three", func() bool { _, uid, _ := w.position(1); return uid == 3 })
	for _, got := range w.kept() {
		e := envelope(t, got)
		if (e.Withheld == email.Oversized) != (e.UID == 2) || len(got.Raw) > 1000 || !bytes.Contains(got.Raw, []byte("Message-ID: <")) {
			t.Errorf("mail %d: %q, %d bytes", e.UID, e.Withheld, len(got.Raw))
		}
	}
}

// What the ledger cannot take now is tried again; what it never takes does not
// keep the others waiting.
func TestARefusedMailKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	busy := 5
	w.fail = func(a channel.Arrival) error {
		if busy--; busy > 0 {
			return errBusy
		}
		if bytes.Contains(a.Raw, []byte("Bom dia 3")) {
			return errNever
		}
		return nil
	}
	dovecot.Append(a.User, many(6)...)
	w.boxes.set(a)
	w.node()
	eventually(t, "the last one", func() bool { _, uid, _ := w.position(1); return uid == 6 })
	withheld := 0
	for _, got := range w.kept() {
		if e := envelope(t, got); e.Withheld == email.Unfetchable && e.UID == 4 {
			withheld++
		}
	}
	if len(w.kept()) != 6 || withheld != 1 {
		t.Errorf("%d kept, %d of them withheld", len(w.kept()), withheld)
	}
}
