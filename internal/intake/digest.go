package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Digester says what becomes of the arrivals of one channel.
type Digester interface {
	// Read makes sense of the bytes, outside any transaction, within the time that
	// ctx has. A fault quarantines the arrival with the fault's code as the reason,
	// unless it passes by itself (fault.Unavailable, fault.TooMany, an engine that
	// went away): then the arrival is read again later.
	Read(ctx context.Context, s Stored) (Reading, error)
}

// Reading is an arrival that was understood.
type Reading interface {
	// Decide chooses the fate, in tx, which holds the row of the ledger and was
	// opened by InTx: it may be run again, so it must have no effects but through
	// tx. It may write tables of its own. Errors are treated as Read's are.
	Decide(ctx context.Context, tx *gorm.DB) (Verdict, error)
}

// Stored is an arrival that is safe in the ledger.
type Stored struct {
	LedgerID int64
	channel.Arrival
	Attempts int // how often it was tried, this try included, and without those that passing failures ended
	// ByHand says that a person has looked at it and tries it again: what only
	// waited for that goes through.
	ByHand bool

	blob *string // where the raw bytes are, when the row does not hold them
}

// Verdict is what a digester decides about an arrival.
type Verdict struct {
	Fate   Fate   // not FatePending
	Reason string // a code for the ledger, may be empty; its text is ledger.reason.<code>

	// Inbound is what was understood: for FateTicket, FateReply, and FateAutomatic
	// with a ticket. Its key, hash, raw bytes and time of receipt are the ledger's,
	// and so is its channel when it names none; an empty Kind is a request.
	Inbound channel.Inbound

	// TicketID is the ticket that is answered (FateReply; when its time is over, a
	// linked ticket is opened instead, and the receipt names that one), or that an
	// automatic message or a duplicate belongs to, when known.
	TicketID int64
	// Apart says that an automatic fate's ticket gets no message of it: what came is
	// about the ticket, and for staff alone.
	Apart bool

	// Settled, if given, runs in the same transaction after the fate was applied.
	Settled func(ctx context.Context, tx *gorm.DB, r Receipt) error
}

const digestWorkers = 4

// maxAttempts is after how many tries that ended the process, took too long or
// failed for no known reason an arrival is taken for poison.
const maxAttempts = 3

// Reasons of the ledger that are the intake's own.
const (
	ReasonPoison = "poison" // it was tried often enough, and ended the process or took too long each time
	ReasonPanic  = "digest_panic"
)

// ErrReadTime is an arrival that could not be read in the time it had.
var ErrReadTime = fault.New(fault.Internal, "digest_too_slow")

// pace is how fast things are digested; tests have no time.
type pace struct {
	sweep  time.Duration // how often a worker looks whether it was not told of something
	read   time.Duration // how long Read may take
	decide time.Duration // how long the transaction may take
	again  time.Duration // between the first two tries; it doubles
	rest   time.Duration // the longest between two tries
	slack  time.Duration // what a lease lasts beyond both
}

var usualPace = pace{sweep: 5 * time.Second, read: 10 * time.Second, decide: 20 * time.Second, again: time.Second, rest: 5 * time.Minute, slack: 15 * time.Second}

// lease is for how long an arrival belongs to the worker that took it. When it
// ends, the worker has, or its process is gone.
func (p pace) lease() time.Duration { return p.read + p.decide + p.slack }

// Digest registers who digests the arrivals of a channel. It is called before Run.
// What has no digester stays pending.
func (in *Intake) Digest(ch channel.Name, d Digester) { in.digesters[ch] = d }

// digested are the channels that have a digester.
func (in *Intake) digested() []string {
	names := make([]string, 0, len(in.digesters))
	for name := range in.digesters {
		names = append(names, string(name))
	}
	return names
}

// wakeUp tells as many workers as there is work for.
func (in *Intake) wakeUp(arrivals int) {
	for range min(arrivals, digestWorkers) {
		select {
		case in.wake <- struct{}{}:
		default: // all have been told
			return
		}
	}
}

// digestAll works off what is due until ctx ends. Any number of workers on any
// number of nodes may: a row belongs to who counted the try. One of a node's
// workers also looks by itself now and then, and wakes the others when it finds
// something: an idle desk is idle.
func (in *Intake) digestAll(ctx context.Context, looks bool) {
	var sweep <-chan time.Time
	if looks {
		tick := time.NewTicker(in.pace.sweep)
		defer tick.Stop()
		sweep = tick.C
	}
	for ctx.Err() == nil {
		s, failures, err := in.next(ctx)
		switch {
		case err == nil:
			if looks {
				in.wakeUp(digestWorkers)
			}
			// What has begun is finished: Run waits, and the limits of time bound it.
			in.digest(context.WithoutCancel(ctx), s, failures)
			continue
		case !errors.Is(err, pgx.ErrNoRows) && ctx.Err() == nil:
			in.log.WarnContext(ctx, "cannot look for what is to be digested", "error", err)
		}
		select {
		case <-in.wake:
		case <-sweep:
		case <-ctx.Done():
		}
	}
}

// next counts a try of the arrival that is due longest and takes it until its
// lease ends. The count is committed before anything looks at the bytes, so that
// what ends the process is counted, too. It need not survive PostgreSQL itself:
// waiting for the disk would only make digesting slower.
func (in *Intake) next(ctx context.Context) (s Stored, failures int, err error) {
	var hash []byte
	var blobHash *string
	var envelope []byte
	err = in.pool.QueryRow(ctx, `
		UPDATE intake_ledger SET attempts = attempts + 1, next_try = now() + $2 * interval '1 microsecond'
		WHERE id = (SELECT id FROM intake_ledger WHERE fate = 'pending' AND next_try <= now() AND channel = ANY($1::text[])
		            ORDER BY next_try, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		  AND set_config('synchronous_commit', 'off', true) <> ''
		RETURNING id, channel, source_key, body_hash, raw, raw_blob, envelope, received_at, attempts, failures`,
		in.digested(), in.pace.lease().Microseconds()).
		Scan(&s.LedgerID, &s.Channel, &s.SourceKey, &hash, &s.Raw, &blobHash, &envelope, &s.ReceivedAt, &s.Attempts, &failures)
	if err != nil {
		return Stored{}, 0, err
	}
	copy(s.BodyHash[:], hash)
	s.Envelope = json.RawMessage(envelope)
	s.blob = blobHash
	return s, failures, nil
}

// digest gives one arrival its fate, or puts it back.
func (in *Intake) digest(ctx context.Context, s Stored, failures int) {
	if s.Attempts > maxAttempts {
		in.quarantine(ctx, s, ReasonPoison)
		return
	}
	if _, err := in.digestOnce(ctx, in.own, s); err != nil {
		in.failed(ctx, s, failures, err)
	}
}

// failed decides what becomes of an arrival that could not be digested. What is
// wrong with it is a person's business; what passes is tried again, and so is
// what failed for no known reason, but not for ever.
func (in *Intake) failed(ctx context.Context, s Stored, failures int, err error) {
	why := fault.From(err)
	switch {
	case errors.Is(err, ErrSettled): // somebody else was faster
	case mayPass(err):
		in.putBack(ctx, s, why, failures)
	case errors.Is(err, errPanic):
		in.log.ErrorContext(ctx, "an arrival is quarantined", "ledger_id", s.LedgerID, "error", err)
		in.quarantine(ctx, s, ReasonPanic)
	case why.Kind != fault.Internal:
		in.quarantine(ctx, s, why.Code)
	case s.Attempts < maxAttempts:
		in.log.WarnContext(ctx, "an arrival is tried again", "ledger_id", s.LedgerID, "attempts", s.Attempts, "error", err)
		in.putBack(ctx, s, why, failures)
	default:
		in.log.ErrorContext(ctx, "an arrival is quarantined", "ledger_id", s.LedgerID, "error", err)
		in.quarantine(ctx, s, ReasonPoison)
	}
}

// digestOnce reads, decides and applies, with whatever db the transaction is to be of.
func (in *Intake) digestOnce(ctx context.Context, db *postgres.DB, s Stored) (r Receipt, err error) {
	if s.Raw, err = in.source(s.Raw, s.blob); err != nil {
		return Receipt{}, err
	}
	reading, err := in.read(ctx, s)
	if err != nil {
		return Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, in.pace.decide)
	defer cancel()
	err = db.InTx(ctx, func(tx *gorm.DB) error {
		r, err = in.settleOne(ctx, tx, s, reading)
		return err
	})
	if blamesData(err) {
		return Receipt{}, ErrRefused.Because(err)
	}
	if err != nil {
		return Receipt{}, err
	}
	in.poke.Poke()
	return r, nil
}

// read lets the digester read within its time. One that does not heed ctx cannot
// be ended: its worker leaves it behind and goes on, and after three such tries
// the arrival is poison, so that they stay few.
func (in *Intake) read(ctx context.Context, s Stored) (Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, in.pace.read)
	defer cancel()
	type result struct {
		reading Reading
		err     error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = guarded(func() (err error) {
			r.reading, err = in.digesters[s.Channel].Read(ctx, s)
			return err
		})
		done <- r
	}()
	select {
	case r := <-done:
		if r.err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrReadTime.Because(r.err)
		}
		return r.reading, r.err
	case <-ctx.Done():
		return nil, ErrReadTime.Because(ctx.Err())
	}
}

// errPanic is a digester that panicked: on these bytes it will again.
var errPanic = errors.New("the digester panicked")

// guarded turns a panic into an error.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return do()
}

// mayPass reports whether the same arrival may be digested later as it is.
func mayPass(err error) bool {
	var pg *pgconn.PgError
	var network net.Error
	var dial *pgconn.ConnectError
	switch f := fault.From(err); {
	case errors.Is(err, ErrReadTime), errors.Is(err, errPanic):
		return false
	case f.Kind == fault.Unavailable, f.Kind == fault.TooMany:
		return true
	case errors.As(err, &pg):
		return passing(err)
	case f.Kind != fault.Internal:
		return false
	}
	return errors.As(err, &network) || errors.As(err, &dial) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded)
}

// putBack lets an arrival wait for another try. What passes does not count
// against it; the rest leaves its count as it is.
func (in *Intake) putBack(ctx context.Context, s Stored, why *fault.Error, failures int) {
	uncounted := 0
	wait := in.pace.again << min(s.Attempts, 10)
	if mayPass(why) {
		uncounted = 1
		wait = in.pace.again << min(failures, 10)
	}
	wait = min(max(wait, why.RetryAfter), in.pace.rest)
	_, err := in.pool.Exec(ctx, `UPDATE intake_ledger
		SET attempts = attempts - $2, failures = failures + $2, reason = $3, next_try = now() + $4 * interval '1 microsecond'
		WHERE id = $1 AND fate = 'pending'`, s.LedgerID, uncounted, why.Code, wait.Microseconds())
	if err != nil {
		// Its lease ends by itself.
		in.log.WarnContext(ctx, "an arrival could not be put back", "ledger_id", s.LedgerID, "error", err)
	}
}

// quarantine leaves an arrival to a person.
func (in *Intake) quarantine(ctx context.Context, s Stored, reason string) {
	ctx, cancel := context.WithTimeout(ctx, in.pace.decide)
	defer cancel()
	_, err := in.pool.Exec(ctx, settleLedger, s.LedgerID, FateQuarantined, reason, nil, nil, false)
	if err != nil {
		in.log.WarnContext(ctx, "an arrival could not be quarantined", "ledger_id", s.LedgerID, "reason", reason, "error", err)
	}
}
