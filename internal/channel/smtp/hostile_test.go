package smtp

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/channel/spool"
)

// Attacks 26 to 34 and the rest of the collection: each file is one arrival with
// its own bytes, and the mail after it arrives on the same connection.
func TestAttack031HostileMailsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 50*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for i, f := range hostile.Mails() {
		before := len(w.kept())
		if code, message := x.send(f.Data); code != 250 {
			t.Fatalf("%s: %d %s", f.Name, code, message)
		}
		all := w.kept()
		if len(all) != before+1 {
			t.Errorf("%s: %d arrivals", f.Name, len(all)-before)
			continue
		}
		if got := all[before]; !bytes.Equal(bytes.TrimSuffix(got.Raw, []byte("\r\n")), bytes.TrimSuffix(f.Data, []byte("\r\n"))) {
			t.Errorf("%s: %d bytes arrived otherwise than the %d sent", f.Name, len(got.Raw), len(f.Data))
		}
		if code, message := x.send(ordinary(i)); code != 250 || len(w.kept()) != before+2 {
			t.Fatalf("the mail after %s: %d %s", f.Name, code, message)
		}
	}
	got := w.kept()[0]
	var envelope = string(got.Envelope)
	if got.Channel != channel.Email || !strings.Contains(envelope, `"mail_from":"ana@cliente.example"`) || !strings.Contains(envelope, `"recipients":["`+us+`"]`) ||
		!strings.Contains(envelope, `"remote_ip":"127.0.0.1"`) || !strings.Contains(envelope, `"helo":"cliente.example"`) {
		t.Errorf("arrival on %s with envelope %s", got.Channel, envelope)
	}
	if key, sum := email.SourceKey(got.Raw); got.SourceKey != key || got.BodyHash != sum {
		t.Error("the source key is not the mail's")
	}
}

// Attack 34: winmail.dat, then ten ordinary mails in one connection.
func TestAttack034OrdinaryMailsBehindAWinmailStayWhole(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 50*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	winmail := append([]byte("From: a@b.example\r\nMessage-ID: <w@b.example>\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"), 0x78, 0x9f, 0x3e, 0x22, 0, 0xff)
	if code, message := x.send(winmail); code != 250 {
		t.Fatal(code, message)
	}
	for i := range 10 {
		if code, message := x.send(ordinary(i)); code != 250 {
			t.Fatal(code, message)
		}
	}
	all := w.kept()
	for i := range 10 {
		if !bytes.Equal(all[i+1].Raw, ordinary(i)) {
			t.Errorf("mail %d arrived as %q", i, all[i+1].Raw)
		}
	}
}

// Attack 35: a mail far over the limit is refused, its sender told once, and the
// connection is good for the next. Announced sizes are refused before a byte.
func TestAttack035OversizedMailIsRefusedAndTheSenderTold(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 4*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(552, "MAIL FROM:<ana@cliente.example> SIZE=157286400\r\n")
	line := strings.Repeat("A", 998) + "\r\n"
	if code, _ := x.send([]byte(strings.Repeat(line, 150*mib/1000))); code != 552 {
		t.Errorf("150 MB: %d", code)
	}
	exact := append(ordinary(1), bytes.Repeat([]byte("a"), 4*mib-len(ordinary(1))-2)...)
	exact = append(exact, "\r\n"...)
	for i := 1; i < len(exact)/1000; i++ {
		copy(exact[i*1000:], "\r\n")
	}
	if code, message := x.send(exact); code != 250 {
		t.Errorf("exactly the limit: %d %s", code, message)
	}
	if code, _ := x.send(append(exact, "\r\n"...)); code != 552 {
		t.Errorf("over the limit: %d", code)
	}
	if code, message := x.send(ordinary(2)); code != 250 {
		t.Errorf("the next mail: %d %s", code, message)
	}
	if n := len(w.kept()); n != 2 {
		t.Errorf("%d mails were kept", n)
	}
}

// Eight mails of the largest size at once need no more memory than the pool allows.
func TestManyLargeMailsAtOnceStayInBounds(t *testing.T) {
	w := start(t, "127.0.0.1:0", 8*mib, Options{})
	w.waiting, w.release = make(chan struct{}, 16), make(chan struct{})
	body := append(ordinary(1), bytes.Repeat([]byte(strings.Repeat("a", 998)+"\r\n"), 7*mib/1000)...)
	text := onWire(body)
	body = nil
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	var senders sync.WaitGroup
	for range 8 {
		x := w.wire(t).greeted("EHLO")
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(354, "DATA\r\n")
		senders.Go(func() {
			if code, message := x.say(text); code != 250 {
				t.Errorf("%d %s", code, message)
			}
		})
	}
	<-w.waiting
	<-w.waiting // the budget is 32 MiB: four of them fit
	runtime.GC()
	runtime.ReadMemStats(&during)
	close(w.release)
	senders.Wait()
	// What is held whole, and for each of the eight a head and the copies made of it.
	if used := int64(during.HeapAlloc) - int64(before.HeapAlloc); used > 32*mib+8*4*spool.Head+8*mib {
		t.Errorf("%d MiB were in use", used/mib)
	}
	if kept := w.kept(); len(kept) != 1 {
		t.Errorf("%d kept", len(kept))
	}
}

// A second mail smuggled behind a lone LF, CR or a lone-dot line is part of the first.
func TestNothingIsSmuggledBehindOtherLineEnds(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\n.\r", "\r.\r\n", "\r\n\x00.\r\n"} {
		before := len(w.kept())
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(354, "DATA\r\n")
		smuggled := "Subject: um" + fmt.Sprintf(" %q", end) + "\r\n\r\nprimeiro" + end + "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<" + us + ">\r\nDATA\r\nFrom: admin\r\n\r\nsegundo\r\n.\r\n"
		x.want(250, smuggled)
		x.want(250, "NOOP\r\n") // no answer of a second mail stands in between
		all := w.kept()
		if len(all) != before+1 || !bytes.Contains(all[before].Raw, []byte("segundo")) {
			t.Errorf("%q: %d mails", end, len(all)-before)
		}
	}
}

func TestWhoGuessesAddressesIsSentAway(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	for i := range maxBadRecipients {
		x.want(550, fmt.Sprintf("RCPT TO:<a%d@empresa.example>\r\n", i))
	}
	if code, _ := x.say("RCPT TO:<b@empresa.example>\r\n"); code != 0 {
		t.Errorf("answered %d", code)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{MaxConnsPerIP: 2})
	one := w.wire(t).greeted("EHLO")
	w.wire(t).greeted("EHLO")
	w.wire(t).want(421, "")
	one.want(221, "QUIT\r\n")
	eventually(t, "room for another", func() bool {
		code, _ := w.wire(t).say("")
		return code == 220
	})
}

func TestAnEndlessCommandIsCutOff(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t)
	x.want(220, "")
	code, _ := x.say(strings.Repeat("A", 4*maxCommand))
	if code/100 == 2 {
		t.Errorf("answered %d", code)
	}
	if code, _ := x.say("NOOP\r\n"); code == 250 {
		t.Error("the connection goes on")
	}
}
