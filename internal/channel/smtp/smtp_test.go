package smtp

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/smtp"
	"path/filepath"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/fault"
)

func TestOnlyMailForUsIsTaken(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(250, "MAIL FROM:<>\r\n")
	for _, to := range []string{"alguem@outra.example", "sac%outra.example@empresa.example", "@empresa.example:x@outra.example", `"sac@empresa.example"@outra.example`} {
		if code, message := x.say("RCPT TO:<" + to + ">\r\n"); code/100 != 5 {
			t.Errorf("%s: %d %s", to, code, message)
		}
	}
	if code, _ := x.say("AUTH PLAIN AHgAeQ==\r\n"); code/100 != 5 {
		t.Error("there is a log-in")
	}
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(250, "RSET\r\n")
	// A hundred and no more.
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	for range maxRecipients {
		x.want(250, "RCPT TO:<"+us+">\r\n")
	}
	x.want(452, "RCPT TO:<x@empresa.example>\r\n")
}

// Whatever goes wrong on our side, the client keeps its mail.
func TestAFailureLeavesTheMailWithItsSender(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for _, tt := range []struct {
		fail error
		want int
	}{
		{errors.New("connection refused"), 451},
		{fault.New(fault.Unavailable, "busy"), 451},
		{fault.New(fault.Internal, "internal"), 451},
		{fault.New(fault.Invalid, "refused"), 554},
		{nil, 250},
	} {
		w.mu.Lock()
		w.fail = tt.fail
		w.mu.Unlock()
		if code, message := x.send(ordinary(1)); code != tt.want || strings.Contains(message, "connection refused") {
			t.Errorf("%v: %d %s", tt.fail, code, message)
		}
	}
}

func TestSTARTTLSProtectsAndForgetsWhatCameBefore(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	c, err := smtp.Dial(w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("ana@cliente.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(us); err != nil {
		t.Fatal(err)
	}
	d, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(append(ordinary(1), bytes.Repeat([]byte("linha\r\n"), 50_000)...)); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if len(w.kept()) != 1 {
		t.Error("it was not kept")
	}
	// Commands sent in the clear behind STARTTLS are not obeyed under its protection.
	x := w.wire(t).greeted("EHLO")
	x.want(220, "STARTTLS\r\nMAIL FROM:<evil@evil.example>\r\n")
	if code, _ := x.say(""); code/100 == 2 {
		t.Error("a command in the clear was obeyed")
	}
}

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(shortDir(t), "lmtp")
	for range 2 { // the second finds the socket that the first left
		w := start(t, "lmtp://"+socket, mib, Options{})
		x := w.wire(t).greeted("LHLO")
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(550, "RCPT TO:<ninguem@empresa.example>\r\n")
		x.want(250, "RCPT TO:<x@empresa.example>\r\n")
		x.want(354, "DATA\r\n")
		x.want(250, onWire(ordinary(1)))
		x.want(250, "")
		if all := w.kept(); len(all) != 1 || !strings.Contains(string(all[0].Envelope), `"recipients":["`+us+`","x@empresa.example"]`) {
			t.Errorf("%d kept", len(all))
		}
		w.stop()
	}
}

func TestCHUNKINGBringsTheSameBytes(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	raw := append(ordinary(1), "\r\n.\r\n\n.\nfim"...)
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(250, fmt.Sprintf("BDAT %d\r\n%s", 40, raw[:40]))
	x.want(250, fmt.Sprintf("BDAT %d LAST\r\n%s", len(raw)-40, raw[40:]))
	if all := w.kept(); len(all) != 1 || !bytes.Equal(all[0].Raw, raw) {
		t.Errorf("kept %d", len(all))
	}
}

func TestAStoppingServerFinishesTheMailThatIsComingIn(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	idle := w.wire(t).greeted("EHLO")
	busy := w.wire(t).greeted("EHLO")
	busy.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	busy.want(250, "RCPT TO:<"+us+">\r\n")
	busy.want(354, "DATA\r\n")
	if _, err := busy.c.Write([]byte("Subject: metade\r\n\r\nmetade")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mail coming in", func() bool {
		for _, c := range w.server.ln.all() {
			c.mu.Lock()
			in := !c.dataUntil.IsZero()
			c.mu.Unlock()
			if in {
				return true
			}
		}
		return false
	})
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	if code, _ := idle.say(""); code != 421 {
		t.Errorf("the idle one is told %d", code)
	}
	busy.want(250, " e o resto\r\n.\r\n")
	<-stopped
	if len(w.kept()) != 1 {
		t.Error("the mail was not kept")
	}
}

func TestALibraryClientSends(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	c, err := gosmtp.Dial(w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 3 {
		if err := c.SendMail("josé@exâmple.com.br", []string{us}, bytes.NewReader(ordinary(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.kept()); n != 3 {
		t.Errorf("%d kept", n)
	}
}
