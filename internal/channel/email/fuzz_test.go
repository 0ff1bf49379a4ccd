package email

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
)

func FuzzParse(f *testing.F) {
	for _, m := range hostile.Mails() {
		if len(m.Data) < 20_000 {
			f.Add(m.Data)
		}
	}
	f.Add([]byte("From: <<a@b.co>\r\nReferences: <<\r\nContent-Type: 0\x00\r\n\r\noi"))
	f.Add([]byte(report("MAILER-DAEMON@mx.example", "x", "Action: failed\r\n\r\nFinal-Recipient: rfc822;a@b.co\r\nStatus: 5.1.1", "Content-Type: message/rfc822\r\n\r\nMessage-ID: <x@y>")))
	f.Add(ordinary())
	f.Add([]byte("Content-Type: application/ms-tnef\r\n\r\n" + string(winmail("a.txt", []byte("oi")))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, Options{Own: own, Signer: testSigner, Authserv: []string{"mx"}})
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		check(t, m)
		harmless(t, string(raw), m.HTML)
	})
}

func FuzzFold(f *testing.F) {
	f.Add("oi\n\n> citado\n\n-- \nAna")
	f.Add("Em 02/03/2026 10:00, SAC escreveu:\n> a\n\nb\n")
	f.Add("oi\n-----Mensagem original-----\nDe: a\nPara: b\nAssunto: c\n")
	f.Fuzz(func(t *testing.T, in string) {
		in = cleanText(in)
		fresh, folded := Fold(in)
		if strings.TrimSpace(dropMarks(in)) != "" && strings.TrimSpace(fresh) == "" {
			t.Errorf("%q: nothing new is left", in)
		}
		// Whatever has words stands on one side or the other.
		count := func(s string) int { return len(strings.Fields(dropMarks(s))) }
		if count(fresh)+count(folded) != count(in) {
			t.Errorf("%q: %q | %q", in, fresh, folded)
		}
	})
}

func FuzzHeaderText(f *testing.F) {
	f.Add("a\r\nBcc: v@x.co")
	f.Add("<<")
	f.Add(strings.Repeat("a", MaxSubject-2) + " bc")
	f.Add("=?utf-8?Q?a=0D=0A?=")
	f.Fuzz(func(t *testing.T, in string) {
		for _, s := range []string{in, decodeWords(in)} {
			out := HeaderText(s)
			if strings.ContainsAny(out, "\r\n\x00\u2028\u2029\u0085") || !utf8.ValidString(out) || utf8.RuneCountInString(out) > MaxSubject {
				t.Errorf("HeaderText(%q) = %q", s, out)
			}
			if HeaderText(out) != out {
				t.Errorf("HeaderText(%q) is not stable", out)
			}
		}
		for _, a := range parseAddresses(in, MaxRecipients).list {
			if strings.ContainsAny(a.Address+a.Name, "\r\n\x00") {
				t.Errorf("%q: %+v", in, a)
			}
		}
	})
}

func FuzzSourceKey(f *testing.F) {
	for _, m := range hostile.Mails() {
		if len(m.Data) < 5000 {
			f.Add(m.Data)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, sum := SourceKey(raw)
		if len(key) != len("mail:")+64 || sum == [32]byte{} {
			t.Errorf("key %q", key)
		}
		h, _ := readHeader(raw)
		if h.has("message-id") {
			if k, _ := SourceKey(append([]byte("Received: by x\r\n"), raw...)); k != key && !strings.HasPrefix(string(raw), "From ") && raw[0] > ' ' && raw[0] != 0xef {
				t.Errorf("%q: a trace header changes the key", raw)
			}
		}
	})
}
