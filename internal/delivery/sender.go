package delivery

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/wneessen/go-mail"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sms"
)

// Way is how mail of one mailbox goes out: by which relay, signed with what.
type Way struct {
	Relay    Relay
	Key      crypto.Signer // of DKIM, nil when nothing is signed
	Domain   string
	Selector string
}

// Ways knows how mail goes out. ok is false when nobody is configured who would
// take it; mailboxID is nil for mail of no mailbox.
type Ways interface {
	Way(ctx context.Context, mailboxID *int64) (w Way, ok bool, err error)
}

// Options is what a Sender is made of.
type Options struct {
	DB     *postgres.DB
	Ways   Ways
	Blobs  Blobs
	Signer email.Signer
	Texts  *sms.Gateway // nil when none is configured
	// Dialer opens connections to relays that somebody named in a mailbox, Trusted
	// to the one that the server's configuration names.
	Dialer, Trusted Dialer
	Roots           *x509.CertPool // whose certificates of relays are believed; nil is the machine's
	Host            string         // by which we introduce ourselves (EHLO)
	Dir             string         // of the journal, in the data folder
	Poke            event.Poker
	Now             func() time.Time // PostgreSQL's
	Log             *slog.Logger
}

// Sender hands mails over to relays, each once: a row is claimed under a fence in
// PostgreSQL, handed over, noted in the node's journal, and settled. What may
// still happen twice, and why, is in docs/adr/0010.
type Sender struct {
	o       Options
	journal *journal
	pool    pool

	mu       sync.Mutex
	busy     map[int64]bool   // rows that this process is claiming or sending
	unsettle map[int64]handed // handed over, and the database does not know yet
}

// NewSender begins this node's journal. Recover comes before anything is sent.
func NewSender(o Options) (*Sender, error) {
	j, err := openJournal(o.Dir)
	if err != nil {
		return nil, err
	}
	return &Sender{o: o, journal: j, pool: pool{roots: o.Roots}, busy: map[int64]bool{}, unsettle: map[int64]handed{}}, nil
}

// Close puts the sender away, after its jobs have ended.
func (s *Sender) Close() error {
	s.pool.tidy(true)
	return s.journal.close()
}

const (
	// sweepEach is how often rows are looked for whose job is gone.
	sweepEach = 15 * time.Second
	// sweepAtOnce bounds how many are sent at once by a sweep, sweepPage how many
	// are looked for.
	sweepAtOnce = 4
	sweepPage   = 200
	// journalFull is when the journal is emptied, once the database knows it all.
	journalFull = 256 << 10
)

// Recover settles what dead nodes of this machine were sending: handed over when
// their journal says so, to be sent again otherwise. It must succeed before this
// node sends anything.
func (s *Sender) Recover(ctx context.Context) error {
	if err := outbox.Alive(ctx, s.o.DB.Gorm, s.journal.node); err != nil {
		return err
	}
	return s.bury(ctx)
}

func (s *Sender) bury(ctx context.Context) error {
	all, err := s.journal.dead()
	for _, d := range all {
		if err == nil {
			err = s.settleDead(ctx, d)
		}
		d.release(err == nil)
	}
	return err
}

func (s *Sender) settleDead(ctx context.Context, d deadJournal) error {
	for _, h := range d.entries {
		if err := s.settle(ctx, h); err != nil {
			return err
		}
	}
	return outbox.Free(ctx, s.o.DB.Gorm, d.node, nil, 0)
}

// Run tells the others that this node lives and looks for what nobody sends,
// until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	if err := outbox.Retry(ctx, s.o.DB.Gorm, outbox.NoRelay); err != nil && ctx.Err() == nil {
		s.o.Log.WarnContext(ctx, "mails that waited for a relay wait longer", "error", err)
	}
	look := time.NewTicker(sweepEach)
	defer look.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.WarnContext(ctx, "what waits to go out is looked for again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// Sweep does one round: it settles what is left over from crashes, and sends
// what is due.
func (s *Sender) Sweep(ctx context.Context) error {
	db := s.o.DB.Gorm
	if err := outbox.Alive(ctx, db, s.journal.node); err != nil {
		return err
	}
	if err := s.bury(ctx); err != nil {
		return err
	}
	if err := s.settleOwn(ctx); err != nil {
		return err
	}
	if _, err := outbox.Inherit(ctx, db, s.journal.node); err != nil {
		return err
	}
	s.pool.tidy(false)
	for ctx.Err() == nil {
		due, err := outbox.Due(ctx, db, sweepPage)
		if err != nil || len(due) == 0 {
			return err
		}
		sent := s.sendAll(ctx, due)
		if sent < sweepPage {
			return nil
		}
	}
	return ctx.Err()
}

// sendAll sends these rows, a few at once, and says how many it could claim.
func (s *Sender) sendAll(ctx context.Context, due []int64) (claimed int) {
	seats := make(chan struct{}, sweepAtOnce)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, id := range due {
		seats <- struct{}{}
		all.Go(func() {
			defer func() { <-seats }()
			ok, err := s.send(ctx, id)
			if err != nil && ctx.Err() == nil {
				s.o.Log.WarnContext(ctx, "a mail is sent later", "out", id, "error", err)
			}
			if ok {
				mu.Lock()
				claimed++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return claimed
}

// settleOwn settles what this process has handed over while the database was
// away, and frees rows whose claim it never learned of.
func (s *Sender) settleOwn(ctx context.Context) error {
	s.mu.Lock()
	open := make([]handed, 0, len(s.unsettle))
	for _, h := range s.unsettle {
		open = append(open, h)
	}
	s.mu.Unlock()
	for _, h := range open {
		if err := s.settle(ctx, h); err != nil {
			return err
		}
		s.known(h.id)
	}
	s.mu.Lock()
	except := make([]int64, 0, len(s.busy)+len(s.unsettle))
	for id := range s.busy {
		except = append(except, id)
	}
	for id := range s.unsettle {
		except = append(except, id)
	}
	// Nobody notes anything while the lock is held, and all that was noted is settled.
	var err error
	if len(except) == 0 && s.journal.size() > journalFull {
		err = s.journal.empty()
	}
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("empty the journal: %w", err)
	}
	// What is claimed after the lock was released is younger than this.
	return outbox.Free(ctx, s.o.DB.Gorm, s.journal.node, except, wholeTime+time.Minute)
}

func (s *Sender) known(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unsettle, id)
}

// settle makes the database know that a mail was handed over.
func (s *Sender) settle(ctx context.Context, h handed) error {
	err := s.o.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := outbox.Handed(ctx, tx, h.id, h.fence, h.answer, s.o.Now())
		return err
	})
	if err == nil {
		s.o.Poke.Poke()
	}
	return err
}

// send sends one row, if it is its turn and nobody else's. ok says whether it was.
func (s *Sender) send(ctx context.Context, id int64) (ok bool, err error) {
	if !s.begin(id) {
		return false, nil
	}
	defer s.end(id)
	claimed := time.Now()
	c, ok, err := outbox.Claim(ctx, s.o.DB.Gorm, id, s.journal.node)
	if err != nil || !ok {
		return false, err
	}
	h, t := s.transmit(ctx, c, claimed)
	// What happened is written down even when whoever asked has gone.
	after := context.WithoutCancel(ctx)
	if t == nil {
		return true, s.handedOver(after, h)
	}
	return true, s.note(after, c, t)
}

func (s *Sender) begin(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id] {
		return false
	}
	s.busy[id] = true
	return true
}

func (s *Sender) end(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, id)
}

// refused is a trouble that the gate made: the row is suppressed.
const refused = "gate:"

// transmit hands a claimed mail over and notes in the journal that it did.
func (s *Sender) transmit(ctx context.Context, c outbox.Claimed, claimed time.Time) (h handed, t *trouble) {
	may, err := reach.May(ctx, s.o.DB.Gorm, reach.Question{CustomerID: c.CustomerID, Address: c.Recipient, Way: c.Way, Purpose: c.Purpose, At: s.o.Now()})
	if err != nil {
		return h, &trouble{reason: outbox.Deferred, detail: "the gate could not be asked"}
	}
	if !may.Allowed {
		return h, &trouble{reason: refused + may.Reason}
	}
	if c.Way == reach.SMS {
		return s.text(ctx, c)
	}
	way, ok, err := s.o.Ways.Way(ctx, c.MailboxID)
	if err != nil {
		return h, &trouble{reason: outbox.Deferred, detail: "log-in: " + err.Error(), ours: true}
	}
	if !ok {
		return h, &trouble{reason: outbox.NoRelay}
	}
	m, err := outbox.MailOf(c.Out)
	var text []byte
	if err == nil {
		var signer *mail.DKIMSigner
		if way.Key != nil {
			signer = mail.NewDKIMSigner(way.Domain, way.Selector, way.Key)
		}
		text, err = compose(m, s.o.Signer.LoopMark(), s.o.Blobs, signer)
	}
	if err != nil {
		s.o.Log.ErrorContext(ctx, "a mail cannot be written", "out", c.ID, "error", err)
		return h, &trouble{reason: outbox.Broken, detail: err.Error()}
	}
	from := "" // the null path: nothing automatic is answered, not even by a bounce
	if !m.Automatic {
		// The VERP address is where bounces go; drawn anew each time, it means the same row.
		from = s.o.Signer.ReturnPath(c.ID, m.From[strings.LastIndexByte(m.From, '@')+1:])
	}
	dialer := s.o.Dialer
	if way.Relay.Trusted {
		dialer = s.o.Trusted
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	answer, t := s.pool.send(ctx, way.Relay, dialer, s.o.Host, from, c.Recipient, text, func() bool {
		// By the wall clock, too: a machine that slept may be dead to the others.
		return time.Since(claimed) < outbox.DeadAfter/2 && time.Now().Round(0).Sub(claimed.Round(0)) < outbox.DeadAfter/2
	})
	if t != nil {
		return h, t
	}
	return s.remember(ctx, c, answer), nil
}

// remember notes in the journal that c was handed over.
func (s *Sender) remember(ctx context.Context, c outbox.Claimed, answer string) handed {
	h := handed{c.ID, c.Fence, answer}
	s.mu.Lock()
	s.unsettle[c.ID] = h
	s.mu.Unlock()
	if err := s.journal.note(h); err != nil {
		// The database learns of it next; only a crash before that would repeat it.
		s.o.Log.ErrorContext(ctx, "something was sent and is not in the journal", "out", c.ID, "error", err)
	}
	return h
}

// handedOver tells the database. While that fails the row stays this node's, and
// the next sweep tells it.
func (s *Sender) handedOver(ctx context.Context, h handed) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.settle(ctx, h); err != nil {
		return err
	}
	s.known(h.id)
	return nil
}

// note writes down why a mail was not handed over, and when it is tried again.
func (s *Sender) note(ctx context.Context, c outbox.Claimed, t *trouble) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	now := s.o.Now()
	err := s.o.DB.InTx(ctx, func(tx *gorm.DB) error {
		if why, no := strings.CutPrefix(t.reason, refused); no {
			return outbox.Refuse(ctx, tx, c, why, now)
		}
		switch {
		case t.reason == outbox.NoRelay:
			return outbox.Later(ctx, tx, c, t.reason, "", relayAgain, now)
		case t.reason == outbox.Refused, t.reason == outbox.Broken:
			return outbox.Fail(ctx, tx, c, t.reason, t.detail, t.hard, now)
		case c.FirstTry != nil && now.Sub(*c.FirstTry) > outbox.Patience:
			return outbox.Fail(ctx, tx, c, outbox.Expired, t.detail, false, now)
		}
		return outbox.Later(ctx, tx, c, t.reason, t.detail, again(c.Attempts), now)
	})
	if err == nil {
		s.o.Poke.Poke()
	}
	return err
}

// relayAgain is when a mail is looked at again for which there was no relay.
const relayAgain = 5 * time.Minute

// again is how long to wait after so many tries (RFC 5321 4.5.4.1: soon at
// first, for what is only greylisted, then every few hours).
func again(tries int) time.Duration {
	waits := []time.Duration{time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}
	if tries < 1 {
		tries = 1
	}
	if tries <= len(waits) {
		return waits[tries-1]
	}
	return 4 * time.Hour
}

// Mails works off jobs.SendOut.
type Mails struct {
	river.WorkerDefaults[jobs.SendOut]
	sender *Sender
}

// NewMails makes the worker.
func NewMails(s *Sender) *Mails { return &Mails{sender: s} }

// Timeout is above what one mail may take.
func (*Mails) Timeout(*river.Job[jobs.SendOut]) time.Duration { return wholeTime + time.Minute }

// Work sends one row if it is its turn. The job is done either way: the row says
// what comes next, and the sweep finds it.
func (w *Mails) Work(ctx context.Context, job *river.Job[jobs.SendOut]) error {
	_, err := w.sender.send(ctx, job.Args.OutID)
	return err
}
