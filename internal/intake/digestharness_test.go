package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
)

// script is what an arrival of these tests wants to become.
type script struct {
	Fate   intake.Fate `json:"fate"`
	Ticket int64       `json:"ticket,omitempty"`
	Body   string      `json:"body,omitempty"`
	Do     string      `json:"do,omitempty"` // what goes wrong
}

func (s script) arrival(key string) channel.Arrival {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return channel.Arrival{Channel: channel.Email, SourceKey: "mail:" + key, BodyHash: sha256.Sum256(raw), Raw: raw, Envelope: json.RawMessage(`{"folder":"INBOX"}`)}
}

// reader digests scripts, and remembers what it has settled.
type reader struct {
	mu      sync.Mutex
	reads   map[string]int
	settled map[string]intake.Receipt
	deaths  map[string]int

	hold chan struct{} // what "hang" waits for
}

func newReader() *reader {
	return &reader{reads: map[string]int{}, settled: map[string]intake.Receipt{}, deaths: map[string]int{}, hold: make(chan struct{})}
}

type scripted struct {
	*reader
	script
	intake.Stored
}

func (r *reader) Read(ctx context.Context, s intake.Stored) (intake.Reading, error) {
	r.mu.Lock()
	r.reads[s.SourceKey]++
	r.mu.Unlock()
	var x script
	if err := json.Unmarshal(s.Raw, &x); err != nil {
		return nil, fault.New(fault.Invalid, "mail_unreadable").Because(err)
	}
	switch x.Do {
	case "panic":
		panic("these bytes are cursed")
	case "hang":
		<-r.hold
	case "invalid":
		return nil, fault.New(fault.Invalid, "mail_unreadable")
	case "unavailable":
		return nil, fault.New(fault.Unavailable, "protocols_exhausted")
	case "broken":
		return nil, fmt.Errorf("something is broken")
	}
	return scripted{r, x, s}, nil
}

func (s scripted) Decide(ctx context.Context, tx *gorm.DB) (intake.Verdict, error) {
	switch s.Do {
	case "panic later":
		panic("this one is cursed, too")
	case "nul":
		s.Body = "\x00"
	case "die once":
		s.mu.Lock()
		s.deaths[s.SourceKey]++
		first := s.deaths[s.SourceKey] == 1
		s.mu.Unlock()
		if first {
			return intake.Verdict{}, tx.Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
		}
	}
	return intake.Verdict{
		Fate: s.Fate, Reason: "because", TicketID: s.Ticket,
		Inbound: channel.Inbound{Name: "Bia Ramos", Email: "bia@cliente.example", Subject: "Assunto", Body: s.Body, HTML: "<p>" + s.Body, Folded: "> antes",
			Origin: json.RawMessage(`{"por": "teste"}`), Files: []channel.File{{Blob: "b", Name: "a.png", Mime: "image/png", Size: 3, ContentID: "i1"}}},
		Settled: func(_ context.Context, _ *gorm.DB, r intake.Receipt) error {
			if s.Do == "unsettled" {
				return fault.New(fault.Conflict, "mail_unsettled")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.settled[s.SourceKey] = r
			return nil
		},
	}, nil
}

// fate waits until an arrival has one.
func (o *office) fate(key string) (fate, reason string) {
	o.Helper()
	o.eventually(func() bool {
		err := o.db.Pool.QueryRow(context.Background(), `SELECT fate, reason FROM intake_ledger WHERE source_key = 'mail:' || $1`, key).Scan(&fate, &reason)
		return err == nil && fate != "pending"
	})
	return fate, reason
}

// digesting makes a node that digests scripts in a hurry.
func (o *office) digesting(r *reader) *intake.Intake {
	o.Helper()
	in := o.idle()
	in.Digest(channel.Email, r)
	in.Hurry(200 * time.Millisecond)
	return in
}

func (o *office) accept(in *intake.Intake, key string, s script) int64 {
	o.Helper()
	got, err := in.Accept(o.Context(), s.arrival(key))
	if err != nil || got.LedgerID == 0 || got.Replayed {
		o.Fatal(got, err)
	}
	return got.LedgerID
}
