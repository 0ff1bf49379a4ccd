package mailroom

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/escuta-sac/escuta/internal/channel/email"
)

// zoneFile is a DNS of a few text records.
type zoneFile map[string]string

func (z zoneFile) LookupTXT(_ context.Context, name string) ([]string, error) {
	if text, ok := z[strings.TrimSuffix(name, ".")]; ok {
		return []string{text}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zoneFile) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zoneFile) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zoneFile) LookupAddr(_ context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// slow never answers.
type slow struct{ zoneFile }

func (slow) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "timeout", Name: name, IsTimeout: true, IsTemporary: true}
}

func TestWhoSentAMailThatCameStraightToUs(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dns := zoneFile{
		"cliente.example":                "v=spf1 ip4:192.0.2.0/24 -all",
		"_dmarc.cliente.example":         "v=DMARC1; p=none",
		"s1._domainkey.cliente.example":  "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
		"evil.example":                   "v=spf1 ip4:198.51.100.0/24 -all",
		"_dmarc.severo.cliente.example":  "v=DMARC1; p=reject; aspf=s; adkim=s",
		"sempolitica.example":            "v=spf1 ip4:192.0.2.7 -all",
		"lento.example":                  "v=spf1 -all",
		"s1._domainkey.evil.example":     "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
		"s1._domainkey.terceiro.example": "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
	}
	raw := []byte("From: Ana <ana@cliente.example>\r\nTo: sac@empresa.example\r\nSubject: oi\r\n\r\noi\r\n")
	signed := func(domain string) []byte {
		var b bytes.Buffer
		if err := dkim.Sign(&b, bytes.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: private}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		name, from, mailFrom, ip string
		raw                      []byte
		dns                      Resolver
		want                     Auth
		verified, forged         bool
	}{
		{"all is right", "ana@cliente.example", "ana@cliente.example", "192.0.2.7", signed("cliente.example"), dns, Auth{SPF: "pass", DKIM: "pass", DMARC: "pass"}, true, false},
		{"forwarded, still signed", "ana@cliente.example", "x@evil.example", "198.51.100.7", signed("cliente.example"), dns, Auth{SPF: "pass", DKIM: "pass", DMARC: "pass"}, true, false},
		{"a foreign server and nothing signed", "ana@cliente.example", "ana@cliente.example", "203.0.113.9", raw, dns, Auth{SPF: "fail", DKIM: "none", DMARC: "fail"}, false, true},
		{"only another domain vouches", "ana@cliente.example", "x@evil.example", "198.51.100.7", signed("evil.example"), dns, Auth{SPF: "pass", DKIM: "pass", DMARC: "fail"}, false, true},
		{"changed on the way", "ana@cliente.example", "x@evil.example", "198.51.100.7", bytes.Replace(signed("cliente.example"), []byte("oi\r\n"), []byte("ai\r\n"), 2), dns, Auth{SPF: "pass", DKIM: "fail", DMARC: "fail"}, false, true},
		{"a part of the domain, strictly", "ana@severo.cliente.example", "ana@cliente.example", "192.0.2.7", raw, dns, Auth{SPF: "pass", DKIM: "none", DMARC: "fail"}, false, true},
		{"a part of the domain, as usual", "ana@loja.cliente.example", "ana@cliente.example", "192.0.2.7", raw, dns, Auth{SPF: "pass", DKIM: "none", DMARC: "pass"}, true, false},
		{"no policy", "rui@sempolitica.example", "rui@sempolitica.example", "192.0.2.7", raw, dns, Auth{SPF: "pass", DKIM: "none", DMARC: "none"}, true, false},
		{"nobody says anything", "rui@nada.example", "rui@nada.example", "192.0.2.7", raw, dns, Auth{SPF: "none", DKIM: "none", DMARC: "none"}, false, false},
		{"no DNS", "ana@cliente.example", "ana@cliente.example", "192.0.2.7", signed("cliente.example"), slow{dns}, Auth{SPF: "temperror", DKIM: "temperror", DMARC: "temperror"}, false, false},
		{"nobody is the sender", "", "", "192.0.2.7", raw, dns, Auth{SPF: "none", DKIM: "none", DMARC: "none"}, false, false},
	} {
		got := NewVerifier(tt.dns).check(t.Context(), tt.raw, email.Envelope{MailFrom: tt.mailFrom, RemoteIP: tt.ip, Helo: "mx.nada.example"}, tt.from)
		if got.SPF != tt.want.SPF || got.DKIM != tt.want.DKIM || got.DMARC != tt.want.DMARC {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if got.verified() != tt.verified || got.forged() != tt.forged {
			t.Errorf("%s: verified %v, forged %v", tt.name, got.verified(), got.forged())
		}
	}
}

func TestOurOwnServersWordIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		all              []email.AuthResult
		verified, forged bool
	}{
		{nil, false, false},
		{[]email.AuthResult{{Method: "dmarc", Value: "pass"}}, true, false},
		{[]email.AuthResult{{Method: "spf", Value: "pass", Domain: "cliente.example"}, {Method: "dmarc", Value: "fail"}}, false, true},
		{[]email.AuthResult{{Method: "dkim", Value: "fail", Domain: "cliente.example"}, {Method: "dkim", Value: "pass", Domain: "mail.cliente.example"}}, true, false},
		{[]email.AuthResult{{Method: "dkim", Value: "pass", Domain: "evil.example"}}, false, false},
		{[]email.AuthResult{{Method: "arc", Value: "pass", Domain: "cliente.example"}}, false, false},
		{[]email.AuthResult{{Method: "spf", Value: "pass", Domain: "com.br"}}, false, false},
	} {
		if got := believed(tt.all, "ana@cliente.example", "mx"); got.verified() != tt.verified || got.forged() != tt.forged {
			t.Errorf("%+v: verified %v, forged %v", tt.all, got.verified(), got.forged())
		}
	}
}
