package event

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed" // the script
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
)

// streamKept bounds the stream, approximately. Nobody may continue from further
// back than keptBehind, and what the stream lacks is read from PostgreSQL.
const streamKept = keptBehind

// The keys of one epoch share a tag, so that one node of a cluster has them all.
func streamKey(epoch string) string { return "live:{" + epoch + "}" }
func leaseKey(epoch string) string  { return "sequencer:{" + epoch + "}" }

// head is what an entry of the stream says before the payload. The payload
// follows as it is: decoding it is the reader's choice.
type head struct {
	ID       int64            `json:"i"`
	TicketID int64            `json:"t"`
	Version  int              `json:"v"`
	Kind     string           `json:"k"`
	Audience access.Audience  `json:"a"`
	Before   *access.Audience `json:"b,omitempty"`
	ActorID  *int64           `json:"c,omitempty"`
	At       time.Time        `json:"at"`
}

func encodeEntry(e Event) ([]byte, error) {
	h, err := json.Marshal(head{e.ID, e.TicketID, e.Version, e.Kind, e.Audience, e.Before, e.ActorID, e.At})
	if err != nil {
		return nil, err
	}
	return append(append(h, '\n'), e.Payload...), nil
}

func decodeEntry(id, entry string) (Event, error) {
	pos, err := entryPos(id)
	if err != nil {
		return Event{}, err
	}
	first, payload, ok := bytes.Cut([]byte(entry), []byte{'\n'})
	var h head
	if err := json.Unmarshal(first, &h); err != nil || !ok {
		return Event{}, fmt.Errorf("the entry %s of the stream is no event", id)
	}
	return Event{
		ID: h.ID, TicketID: h.TicketID, Version: h.Version, Kind: h.Kind, Audience: h.Audience,
		Before: h.Before, ActorID: h.ActorID, Payload: payload, At: h.At, Pos: pos,
	}, nil
}

// entryPos reads the position from an entry's id, which is "<pos>-0".
func entryPos(id string) (int64, error) {
	digits, _, _ := strings.Cut(id, "-")
	pos, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the entry id %q has no position", id)
	}
	return pos, nil
}

// publish puts numbered events on the stream of their epoch. A rival sequencer
// may have been faster with later ones; Redis then refuses these, and readers
// take them from PostgreSQL.
func publish(ctx context.Context, rdb redis.UniversalClient, epoch string, events []Event) error {
	const chunk = 256 // bounds the buffer of one pipeline
	for len(events) > 0 {
		n := min(chunk, len(events))
		pipe := rdb.Pipeline()
		for _, e := range events[:n] {
			entry, err := encodeEntry(e)
			if err != nil {
				return fmt.Errorf("encode event %d: %w", e.ID, err)
			}
			pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: streamKey(epoch), ID: strconv.FormatInt(e.Pos, 10) + "-0",
				MaxLen: streamKept, Approx: true, Values: []any{"e", entry},
			})
		}
		if _, err := pipe.Exec(ctx); err != nil && !refused(err) {
			return fmt.Errorf("put positions from %d on the stream: %w", events[0].Pos, err)
		}
		events = events[n:]
	}
	return nil
}

// refused reports whether Redis already has this id or a later one.
func refused(err error) bool { return strings.Contains(err.Error(), "equal or smaller") }

// stream reads one epoch's stream, blocking.
type stream struct {
	rdb   redis.UniversalClient
	epoch string
	stop  string // key whose first entry ends a blocking read
}

// silence is how long a read blocks; then PostgreSQL is asked once.
const silence = 5 * time.Second

// openStream prepares to read. A blocking command does not hear that ctx has
// ended, so the read also waits for an entry that is written then. stop waits
// until that has been done.
func (l *Log) openStream(ctx context.Context, epoch string) (*stream, func()) {
	s := &stream{rdb: l.rdb, epoch: epoch, stop: "stop:{" + epoch + "}:" + rand.Text()}
	ctx, cancel := context.WithCancel(ctx)
	var waker sync.WaitGroup
	waker.Go(func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beat)
		defer cancel()
		pipe := l.rdb.Pipeline()
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: s.stop, Values: []any{"stop", ""}})
		pipe.Expire(ctx, s.stop, 2*silence)
		_, _ = pipe.Exec(ctx) // without Redis no read blocks
	})
	return s, func() { cancel(); waker.Wait() }
}

// read waits for entries after pos; redis.Nil says that none came for a while.
// An entry that cannot be read is left out: to the caller it is a hole.
func (s *stream) read(ctx context.Context, pos int64) ([]Event, error) {
	streams, err := s.rdb.XRead(ctx, &redis.XReadArgs{
		Streams: []string{streamKey(s.epoch), s.stop, strconv.FormatInt(pos, 10) + "-0", "0"},
		Count:   1000, Block: silence,
	}).Result()
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, st := range streams {
		if st.Stream == s.stop {
			continue
		}
		for _, m := range st.Messages {
			entry, _ := m.Values["e"].(string)
			if e, err := decodeEntry(m.ID, entry); err == nil {
				events = append(events, e)
			}
		}
	}
	return events, nil
}
