package email

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
)

// own says which addresses are ours in these tests.
func own(address string) bool { return address == "sac@empresa.example" }

func parse(t *testing.T, raw string) *Mail {
	t.Helper()
	m, err := Parse([]byte(raw), Options{Own: own, Signer: testSigner, Authserv: []string{"mx.empresa.example"}})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	return m
}

func parseHostile(t *testing.T, name string) *Mail {
	t.Helper()
	return parse(t, string(hostile.Find(name).Data))
}

// check holds for every mail whatever.
func check(t *testing.T, m *Mail) {
	t.Helper()
	texts := map[string]string{"text": m.Text, "folded": m.Folded, "html": m.HTML, "subject": m.Subject, "id": m.MessageID, "why": m.Automatic.Why}
	for i, a := range slices.Concat(m.From, m.Sender, m.ReplyTo, m.To, m.Cc) {
		texts[fmt.Sprint("name ", i)], texts[fmt.Sprint("address ", i)] = a.Name, a.Address
	}
	for i, p := range m.Parts {
		texts[fmt.Sprint("part ", i)], texts[fmt.Sprint("mime ", i)], texts[fmt.Sprint("cid ", i)] = p.Name, p.Mime, p.ContentID
		if p.Name == "" || strings.ContainsAny(p.Name, `/\`) || p.Name == ".." || utf8.RuneCountInString(p.Name) > MaxName {
			t.Errorf("part is called %q", p.Name)
		}
	}
	for i, id := range slices.Concat(m.InReplyTo, m.References, m.ExtraMessageIDs, m.Forged) {
		texts[fmt.Sprint("reference ", i)] = id
	}
	for where, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("%s is no text for a database: %q", where, s)
		}
		if where != "text" && where != "folded" && where != "html" && strings.ContainsAny(s, "\r\n") {
			t.Errorf("%s has several lines: %q", where, s)
		}
	}
	if n := utf8.RuneCountInString(m.Text) + utf8.RuneCountInString(m.Folded); n > MaxText+2 {
		t.Errorf("%d runes of text", n)
	}
	if len(m.To) > MaxRecipients || len(m.Cc) > MaxRecipients || len(m.References) > firstReferences+lastReferences || len(m.Parts) > MaxParts {
		t.Errorf("not bounded: %d to, %d cc, %d references, %d parts", len(m.To), len(m.Cc), len(m.References), len(m.Parts))
	}
}

func TestEveryHostileFileIsReadInBoundedTimeAndMemory(t *testing.T) {
	limit := 3 * time.Second * slowness
	var before, after runtime.MemStats
	for _, f := range hostile.Files() {
		runtime.ReadMemStats(&before)
		start := time.Now()
		m, err := Parse(f.Data, Options{Own: own})
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err != nil {
			if f.Name != "m07-empty.eml" {
				t.Errorf("%s: %v", f.Name, err)
			}
			continue
		}
		check(t, m)
		if took > limit {
			t.Errorf("%s took %v", f.Name, took)
		}
		// All that was allocated, whether or not it was freed on the way.
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 200 {
			t.Errorf("%s took %d MB", f.Name, mb)
		}
		SourceKey(f.Data)
	}
}

func TestAttack10TheSenderIsTheOneAddressOfTheOneFrom(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		address string
		fault   SenderFault
		warning string
	}{
		"h4":  {"mal@evil.example", "", WarnNameIsAddress},
		"h5":  {"cliente@example.net", "", ""},
		"h6":  {"suporte@\u0435\u0445ample.com", "", WarnLookalike},
		"h1":  {"a@example.net", "", WarnNameIsAddress},
		"m03": {"", SenderNone, WarnSenderFault},
		"m04": {"", SenderSeveral, WarnSenderFault},
		"m05": {"", SenderGroup, WarnSenderFault},
	} {
		m := parseHostile(t, name)
		got, ok := m.Identity()
		if got.Address != want.address || m.SenderFault != want.fault || ok != (want.fault == "") {
			t.Errorf("%s: %q, fault %q", name, got.Address, m.SenderFault)
		}
		if want.warning != "" && !slices.Contains(m.Warnings, want.warning) {
			t.Errorf("%s: warnings %v", name, m.Warnings)
		}
	}
	m := parse(t, "From: A <a@example.net>, B <b@example.net>\r\n\r\noi")
	if _, ok := m.Identity(); ok || m.SenderFault != SenderSeveral {
		t.Errorf("two senders in one header: %q", m.SenderFault)
	}
}

func TestAttack13MissingDoubleAndOddMessageIDs(t *testing.T) {
	t.Parallel()
	if m := parseHostile(t, "m01"); m.MessageID != "" || m.Text != "oi" {
		t.Errorf("m01: id %q, text %q", m.MessageID, m.Text)
	}
	if m := parseHostile(t, "m02"); m.MessageID == "" || len(m.ExtraMessageIDs) != 1 || m.ExtraMessageIDs[0] != "segundo@example.net" {
		t.Errorf("m02: ids %q %q", m.MessageID, m.ExtraMessageIDs)
	}
	if m := parseHostile(t, "h3"); !strings.HasPrefix(m.MessageID, `"a b\"<script>'; DROP TABLE x;--`) || !strings.HasSuffix(m.MessageID, `"@example.net`) {
		t.Errorf("h3: id %q", m.MessageID)
	}
}

func TestAttack16TwoThousandReferencesAreCutInTheMiddle(t *testing.T) {
	t.Parallel()
	m := parseHostile(t, "m14")
	if len(m.References) != 50 || m.References[0] != "r0@example.org" || m.References[49] != "r1999@example.org" || m.References[5] != "r1955@example.org" {
		t.Errorf("%d references: %v", len(m.References), m.References)
	}
	if !slices.Contains(m.Warnings, WarnReferencesCut) {
		t.Errorf("warnings %v", m.Warnings)
	}
}

func TestAttack26NestingAndPartsAreBounded(t *testing.T) {
	t.Parallel()
	if m := parseHostile(t, "m15"); m.Text == "" || !slices.Contains(m.Warnings, WarnStructure) {
		t.Errorf("m15: text %.60q, warnings %v", m.Text, m.Warnings)
	}
	if m := parseHostile(t, "m16"); strings.Count(m.Text, "p") != MaxParts || !slices.Contains(m.Warnings, WarnPartsCut) {
		t.Errorf("m16: %d texts, warnings %v", strings.Count(m.Text, "p"), m.Warnings)
	}
	if m := parseHostile(t, "m17"); len(m.Parts) != 1 || m.Parts[0].Mime != "message/rfc822" {
		t.Errorf("m17: parts %v", m.Parts)
	}
	// What takes enmime minutes.
	var nested strings.Builder
	for i := range 50 {
		fmt.Fprintf(&nested, "Content-Type: MultiPart/mixed; boundary=b%d\r\n\r\n--b%[1]d\r\n", i)
	}
	parse(t, "From: a@b.co\r\n"+nested.String()+"\r\n\r\nfundo")
}

func TestAttack27NoBoundaryStillShowsTheBody(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"m18": "corpo sem fim", "m19": "corpo"} {
		if m := parseHostile(t, name); m.Text != want {
			t.Errorf("%s: %q", name, m.Text)
		}
	}
}

func TestAttack28CharsetsThatLie(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"m20": "ação", "m21": "Reclamação: não recebi à tempo", "m22": "Reclamação", "m23": "“aspas” – travessão € 10",
	} {
		if m := parseHostile(t, name); m.Text != want {
			t.Errorf("%s: %q", name, m.Text)
		}
	}
	if m := parseHostile(t, "m24"); m.Subject != "Reclamação não" {
		t.Errorf("m24: %q", m.Subject)
	}
}

func TestAttack29EncodedWordsCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"m25", "m26"} {
		if m := parseHostile(t, name); m.Subject != "Reclamação" {
			t.Errorf("%s: %q", name, m.Subject)
		}
	}
}

func TestAttack30AnAddressBeyondASCIIIsKept(t *testing.T) {
	t.Parallel()
	got, ok := parseHostile(t, "m27").Identity()
	if !ok || got.Address != "josé@exâmple.com.br" || got.Plain || got.Name != "José" || got.Lookalike {
		t.Errorf("%+v, %v", got, ok)
	}
}

func TestAttack31SizesAndControls(t *testing.T) {
	t.Parallel()
	if m := parseHostile(t, "m08"); m.Text != "antesdepois" {
		t.Errorf("m08: %q", m.Text)
	}
	if m := parseHostile(t, "m09"); m.Text != "l1\nl2\nl3\n.\nl4\n.\nl5" {
		t.Errorf("m09: %q", m.Text)
	}
	if m := parseHostile(t, "m10"); len(m.Text) != MaxText || !slices.Contains(m.Warnings, WarnTextCut) {
		t.Errorf("m10: %d bytes, warnings %v", len(m.Text), m.Warnings)
	}
	if m := parseHostile(t, "m11"); utf8.RuneCountInString(m.Subject) != MaxSubject || m.Text != "oi" {
		t.Errorf("m11: %d runes", utf8.RuneCountInString(m.Subject))
	}
	if m := parseHostile(t, "m12"); m.Text != "oi" {
		t.Errorf("m12: %q", m.Text)
	}
	if m := parseHostile(t, "m13"); len(m.Cc) != MaxRecipients || m.Cc[39].Address != "u39@example.org" || !slices.Contains(m.Warnings, WarnRecipientsCut) {
		t.Errorf("m13: %d copies, warnings %v", len(m.Cc), m.Warnings)
	}
	if m := parseHostile(t, "m06"); m.Subject != "so cabecalho" || m.Text != "" {
		t.Errorf("m06: %q %q", m.Subject, m.Text)
	}
	if _, err := Parse(nil, Options{}); !errors.Is(err, ErrUnreadable) {
		t.Errorf("m07: %v", err)
	}
	if _, err := Parse(make([]byte, MaxBytes+1), Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("attack 35: %v", err)
	}
}

func TestAttack32BrokenEncodingsAreReadAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"m28": "50=% de desconto =ZZ fim", "m29": "oi mundo"} {
		if m := parseHostile(t, name); m.Text != want || !slices.Contains(m.Warnings, WarnEncoding) {
			t.Errorf("%s: %q, warnings %v", name, m.Text, m.Warnings)
		}
	}
}

func TestAttack33ADateInTheFutureIsOnlyWhatTheSenderSays(t *testing.T) {
	t.Parallel()
	if m := parseHostile(t, "m30"); m.Date.Year() != 2099 {
		t.Errorf("date %v", m.Date)
	}
	if m := parse(t, "From: a@b.co\r\nDate: ontem\r\n\r\noi"); !m.Date.IsZero() || !slices.Contains(m.Warnings, WarnDate) {
		t.Errorf("date %v, warnings %v", m.Date, m.Warnings)
	}
}

func TestAttack37EncryptedMailsAreKeptAsFiles(t *testing.T) {
	t.Parallel()
	m := parse(t, "From: a@b.co\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3")
	if len(m.Parts) != 1 || m.Parts[0].Name != "smime.p7m" || !slices.Contains(m.Warnings, WarnEncrypted) {
		t.Errorf("parts %v, warnings %v", m.Parts, m.Warnings)
	}
	m = parse(t, "From: a@b.co\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--x\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--x--\r\n")
	if len(m.Parts) != 2 || !slices.Contains(m.Warnings, WarnEncrypted) {
		t.Errorf("parts %v, warnings %v", m.Parts, m.Warnings)
	}
}

func TestAttacks38And39NothingDecodedBecomesAHeader(t *testing.T) {
	t.Parallel()
	if m := parseHostile(t, "h1"); len(m.From) != 1 || m.From[0].Name != "a Bcc: vitima@example.org" || len(m.Cc) != 0 {
		t.Errorf("h1: %+v", m.From)
	}
	if m := parseHostile(t, "h2"); m.Subject != "oi Bcc: vitima@example.org" {
		t.Errorf("h2: %q", m.Subject)
	}
	for in, want := range map[string]string{
		"a\r\nBcc: v@x.co": "a Bcc: v@x.co", "a\u2028b": "a b", "a\x00\x1b[1mb": "a[1mb", " a \t b ": "a b",
		"\u202eoproduto": "oproduto", "a\xffb": "a\ufffdb", "{{7*7}}": "{{7*7}}",
	} {
		if got := HeaderText(in); got != want {
			t.Errorf("HeaderText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAttack46And83NamesOfFiles(t *testing.T) {
	t.Parallel()
	want := []string{"x", "x.exe", "passwd", "CON", "0.png", "x.php.png", ".htaccess", strings.Repeat("a", 195) + "….txt",
		"anexo.bin", "%2e%2e%2fx", "anexo.bin", "x.pht", "=cmd_calc.csv"}
	for i, name := range want {
		m := parseHostile(t, fmt.Sprintf("f%02d", i))
		if len(m.Parts) != 1 || m.Parts[0].Name != name || string(m.Parts[0].Data) != "conteudo" || m.Text != "oi" {
			t.Errorf("f%02d: %.200v, want %.60q", i, m.Parts, name)
		}
	}
	if m := parseHostile(t, "h7"); len(m.Parts) != 1 || m.Parts[0].Name != "notafdp.exe" {
		t.Errorf("h7: %v", m.Parts)
	}
	if m := parseHostile(t, "x94"); m.Subject != "oproduto" || m.Text != "" {
		t.Errorf("x94: %q %q", m.Subject, m.Text)
	}
}

func TestAttack84ArchivesAreNotUnpacked(t *testing.T) {
	t.Parallel()
	for _, f := range hostile.Files() {
		if f.Mail() {
			continue
		}
		m := parse(t, "From: a@b.co\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: application/octet-stream; name="+f.Name+
			"\r\nContent-Transfer-Encoding: binary\r\n\r\n"+string(f.Data)+"\r\n--x--\r\n")
		if len(m.Parts) != 1 || string(m.Parts[0].Data) != string(f.Data) {
			t.Errorf("%s: %d parts", f.Name, len(m.Parts))
		}
	}
}

func TestAttack90LongSubjectsAndQuotes(t *testing.T) {
	t.Parallel()
	start := time.Now()
	if m := parseHostile(t, "x93"); m.Subject != "Re: fim" {
		t.Errorf("x93: %.60q", m.Subject)
	}
	if m := parseHostile(t, "x92"); len(m.Text) < 100_000 {
		t.Errorf("x92: %d bytes of text", len(m.Text))
	}
	if m := parseHostile(t, "x90"); strings.Count(m.HTML, "<a ") != maxLinks || strings.Count(m.HTML, "l") < 5001 {
		t.Errorf("x90: %d links", strings.Count(m.HTML, "<a "))
	}
	if m := parseHostile(t, "x91"); strings.Count(m.HTML, "<div>") != maxNesting || m.Text != "x" {
		t.Errorf("x91: %d deep, text %.20q", strings.Count(m.HTML, "<div>"), m.Text)
	}
	if took := time.Since(start); took > 4*time.Second*slowness {
		t.Errorf("took %v", took)
	}
}
