package mailroom_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
)

// heapPeak watches the heap until the returned function is called, which gives
// the highest that was seen, in bytes.
func heapPeak() (stop func() uint64) {
	var peak atomic.Uint64
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()
	return func() uint64 { close(end); <-done; return peak.Load() }
}

// asMail is a hostile file as a carrier brings it: a mail, or a file in one.
func asMail(f hostile.File) []byte {
	if f.Mail() {
		return f.Data
	}
	return []byte("From: Cliente <cliente@example.net>\r\nTo: " + ours + "\r\nSubject: anexo\r\nMessage-ID: <" + f.Name + "@example.net>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsegue " + f.Name +
		"\r\n--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"" + f.Name +
		"\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(f.Data) + "\r\n--x--\r\n")
}

// Attacks 10, 13, 16, 17, 20, 26 to 33, 83, 84 and 90 as whole files. Not
// parallel: it looks at the memory of the process.
func TestAttack026To033EachHostileFileIsOneMessageOrOneRowInTheDrawer(t *testing.T) {
	o := newOffice(t, func(options *mailroom.Options) { options.Flood = 0 })
	stop := heapPeak()
	fates := map[intake.Fate]int{}
	for _, f := range hostile.Files() {
		start := time.Now()
		key, hash := email.SourceKey(asMail(f))
		id := o.accepted(o.in, asMail(f), email.Envelope{MailFrom: "cliente@example.net", Recipients: []string{ours}})
		r := o.settled(id)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", f.Name, took)
		}
		fates[r.Fate]++
		if n := o.count(`SELECT count(*) FROM intake_ledger WHERE source_key = $1 AND body_hash = $2`, key, hash[:]); n != 1 {
			t.Errorf("%s has %d rows", f.Name, n)
		}
		switch r.Fate {
		case intake.FateTicket, intake.FateReply:
			if n := o.count(`SELECT count(*) FROM messages WHERE id = $1 AND body <> ''`, r.MessageID); n != 1 {
				t.Errorf("%s is %d messages", f.Name, n)
			}
		case intake.FateAutomatic:
		case intake.FateQuarantined:
			if r.Reason == "" || r.Reason == intake.ReasonPoison || r.Reason == intake.ReasonPanic {
				t.Errorf("%s is in the drawer for %q", f.Name, r.Reason)
			}
		default:
			t.Errorf("%s became %+v", f.Name, r)
		}
		o.opened(letter{}.String())
	}
	peak := stop()
	t.Logf("fates %v, heap at most %d MB", fates, peak>>20)
	if peak > 300<<20 {
		t.Errorf("the heap grew to %d MB", peak>>20)
	}
	if fates[intake.FateTicket] < 60 {
		t.Errorf("only %d became tickets", fates[intake.FateTicket])
	}
	o.consistent()
}

func TestTheHostileFilesBecomeWhatTheyShould(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(options *mailroom.Options) { options.Flood = 0 })
	for name, want := range map[string]intake.Fate{
		"m07": intake.FateQuarantined, "m06": intake.FateTicket, "m03": intake.FateTicket, "m04": intake.FateTicket, "m19": intake.FateTicket,
		"l-ooo": intake.FateAutomatic, "l-autogen": intake.FateAutomatic, "l-bulk": intake.FateAutomatic, "l-lst": intake.FateAutomatic,
		"l-exch": intake.FateAutomatic, "l-deliveredto": intake.FateAutomatic, "l-xar": intake.FateAutomatic, "l-retnull": intake.FateAutomatic,
		"l-self": intake.FateAutomatic, "l-mailer-daemon": intake.FateAutomatic,
	} {
		if r := o.receive(string(hostile.Find(name).Data)); r.Fate != want {
			t.Errorf("%s became %+v, want %s", name, r, want)
		}
	}
	if n := o.count(`SELECT count(*) FROM river_job j JOIN tickets t ON t.id = (j.args->>'ticket_id')::bigint WHERE t.customer_id IS NULL`); n != 0 {
		t.Errorf("%d acknowledgements to nobody", n)
	}
}

func TestFilesOfAMailHangOnItsMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	image := base64.StdEncoding.EncodeToString([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	raw := "From: " + ana + "\r\nTo: " + ours + "\r\nSubject: foto\r\nMessage-ID: <foto@cliente.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Veja: <img src=\"cid:a1\"></p>\r\n" +
		"--r\r\nContent-Type: image/gif; name=\"a.gif\"\r\nContent-ID: <a1>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n" + image +
		"\r\n--r\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"nota.pdf\"\r\n\r\n%PDF-1.4\r\n--r--\r\n"
	r := o.opened(raw)
	if n := o.count(`SELECT count(*) FROM attachments WHERE message_id = $1 AND (content_id = 'a1' AND mime = 'image/gif' OR name = 'nota.pdf' AND content_id = '')`, r.MessageID); n != 2 {
		t.Errorf("%d of two files hang on the message", n)
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE id = $1 AND html LIKE '%cid:a1%' AND body LIKE 'Veja%'`, r.MessageID); n != 1 {
		t.Error("the message does not show its image")
	}
	var hash string
	o.scan(&hash, `SELECT blob FROM attachments WHERE message_id = $1 AND content_id = 'a1'`, r.MessageID)
	f, err := o.blobs.Open(hash)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	// More files than a message may have, and more text.
	var b strings.Builder
	b.WriteString("From: " + ana + "\r\nSubject: muitos\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n" + strings.Repeat("longo ", 20_000) + "\r\n")
	for i := range 70 {
		fmt.Fprintf(&b, "--x\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=%d.csv\r\n\r\na;b\r\n", i)
	}
	b.WriteString("--x--\r\n")
	r = o.opened(b.String())
	if n := o.count(`SELECT count(*) FROM attachments WHERE message_id = $1`, r.MessageID); n != 50 {
		t.Errorf("%d files", n)
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE id = $1 AND length(body) = 50000 AND folded LIKE '%longo%' AND origin::text LIKE '%parts_cut%'`, r.MessageID); n != 1 {
		t.Error("what is too long is not folded, or nobody is told of what is missing")
	}
}
