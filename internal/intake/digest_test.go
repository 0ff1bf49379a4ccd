package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

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

	hold chan struct{} // what "hang" waits for
}

func newReader() *reader {
	return &reader{reads: map[string]int{}, settled: map[string]intake.Receipt{}, hold: make(chan struct{})}
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

func TestEachArrivalGetsItsFate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	r := newReader()
	in.Digest(channel.Email, r)
	o.run(in)
	accept := func(key string, s script) {
		t.Helper()
		got, err := in.Accept(t.Context(), s.arrival(key))
		if err != nil || got.LedgerID == 0 || got.Replayed {
			t.Fatal(got, err)
		}
	}
	accept("1", script{Fate: intake.FateTicket, Body: "Não recebi."})
	if fate, _ := o.fate("1"); fate != "ticket" {
		t.Fatal(fate)
	}
	first := r.settled["mail:1"]
	if first.TicketID == 0 || first.MessageID == 0 || first.Protocol == "" {
		t.Fatalf("receipt %+v", first)
	}
	for key, s := range map[string]script{
		"reply":       {Fate: intake.FateReply, Ticket: first.TicketID, Body: "E agora?"},
		"automatic":   {Fate: intake.FateAutomatic, Ticket: first.TicketID, Body: "Estou de férias."},
		"automatic2":  {Fate: intake.FateAutomatic},
		"duplicate":   {Fate: intake.FateDuplicate, Ticket: first.TicketID},
		"discarded":   {Fate: intake.FateDiscarded},
		"quarantined": {Fate: intake.FateQuarantined},
	} {
		accept(key, s)
		if fate, reason := o.fate(key); fate != string(s.Fate) || reason != "because" {
			t.Errorf("%s became %s, %s", key, fate, reason)
		}
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1 AND html <> '' AND folded = '> antes' AND origin->>'por' = 'teste'`, first.TicketID); n != 3 {
		t.Errorf("%d messages carry what they came with", n)
	}
	if n := o.count(`SELECT count(*) FROM attachments WHERE ticket_id = $1 AND content_id = 'i1'`, first.TicketID); n != 3 {
		t.Errorf("%d files", n)
	}
	if n := o.count(`SELECT public_version FROM tickets WHERE id = $1 AND kind = 'solicitacao'`, first.TicketID); n != o.count(`SELECT version FROM messages WHERE body = 'E agora?'`) {
		t.Errorf("public version %d", n)
	}
	o.consistent()
}
