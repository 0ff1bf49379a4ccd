package email

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// vectors are ways by which markup was made to run, fetch or deceive; our own
// wording of what the public collections hold.
var vectors = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//e.example/x.js></SCRIPT>`, `<script/x>alert(1)</script>`, `<<script>alert(1)//<</script>`,
	`<img src=x onerror=alert(1)>`, `<img src="x" onerror="alert(1)"`, `<img/src/onerror=alert(1)>`, `<img src=javascript:alert(1)>`,
	`<img """><script>alert(1)</script>">`, `<img srcset="//e.example/1x 1x">`, `<img src="data:image/svg+xml;base64,PHN2Zz4=">`,
	`<svg onload=alert(1)>`, `<svg><animate onbegin=alert(1) attributeName=x>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
	`<svg><style>*{background:url(//e.example)}</style></svg>`, `<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>`,
	`<math href="javascript:alert(1)">x</math>`, `<math><mi xlink:href="javascript:alert(1)">x</mi></math>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<template><img src=x onerror=alert(1)></template>`,
	`<xmp><p title="</xmp><img src=x onerror=alert(1)>">`, `<textarea><img src=x onerror=alert(1)></textarea>`, `<plaintext><img src=x onerror=alert(1)>`,
	`<title><img src=x onerror=alert(1)></title>`, `<iframe src=javascript:alert(1)>`, `<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">`,
	`<object data="javascript:alert(1)">`, `<embed src=//e.example/x.swf>`, `<applet code=x>`, `<frameset onload=alert(1)>`, `<portal src=//e.example>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href=" &#14; javascript:alert(1)">x</a>`, `<a href="java&#x0A;script:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`,
	`<a href="data:text/html,<script>alert(1)</script>">x</a>`, `<a href="vbscript:x">x</a>`, `<a href="//e.example">x</a>`, `<a href="/api/logout">x</a>`,
	`<a href="https://e.example" onclick=alert(1) target=_top ping=//e.example>x</a>`, `<a href="blob:https://x/y">x</a>`, `<a href="file:///etc/passwd">x</a>`,
	`<base href=//e.example/>`, `<link rel=stylesheet href=//e.example/x.css>`, `<link rel=import href=x>`, `<meta http-equiv=refresh content="0;url=//e.example">`,
	`<style>@import url(//e.example/x)</style>`, `<style>body{background:url(//e.example)}</style>`, `<div style="background:url(//e.example)">x</div>`,
	`<div style="background-image:u\72l(//e.example)">x</div>`, `<div style="position:fixed;inset:0;z-index:9999">x</div>`, `<div style="position:/**/absolute">x</div>`,
	`<div style="width:expression(alert(1))">x</div>`, `<div style="-moz-binding:url(x)">x</div>`, `<div style="margin:-100px;margin-top: -50px">x</div>`,
	`<div style="color:red;behavior:url(x)">x</div>`, `<div style="content:attr(x);display:none;opacity:0;transform:scale(9)">x</div>`,
	`<p style="color:red&quot; onmouseover=&quot;alert(1)">x</p>`, `<p style="font-family:'x;}</style><script>alert(1)</script>'">x</p>`,
	`<form action=https://e.example><input name=senha><button formaction=javascript:alert(1)>ok</button></form>`, `<input autofocus onfocus=alert(1)>`,
	`<select><option>x</select>`, `<isindex action=javascript:alert(1)>`, `<keygen autofocus onfocus=alert(1)>`, `<video><source onerror=alert(1)></video>`,
	`<audio src=//e.example/x autoplay>`, `<video poster=//e.example/x>`, `<details open ontoggle=alert(1)>x`, `<marquee onstart=alert(1)>x</marquee>`,
	`<body background="//e.example/x" onload=alert(1)>x`, `<table background="javascript:alert(1)"><tr><td background="//e.example">x</table>`,
	`<p id=body name=cookie class=x>x`, `<img name=getElementById id=cookie>`, `<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`,
	`<!--><script>alert(1)</script>-->`, `<!-- --!><img src=x onerror=alert(1)> -->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?xml-stylesheet href="javascript:alert(1)"?>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`, "<scr\x00ipt>alert(1)</scr\x00ipt>", `&lt;script&gt;alert(1)&lt;/script&gt;`, `<img src="cid:../../etc/passwd">`,
	`<img src="http://169.254.169.254/latest/meta-data/">`, `<img src="//e.example/pixel.gif" width=1 height=1>`, `<img src=" https://e.example/a b.png ">`,
	`<img data-remote-src="javascript:alert(1)">`, `<img data-remote-src='https://e.example/"onerror=alert(1)'>`, `<custom-element onclick=alert(1)>x</custom-element>`,
	`<a href="https://e.example/"><a href="https://f.example/">x</a></a>`, `<b><p></b></p></b><i>`, `</p></div></body></html>x`, `<table><td><table><td></table>x`,
	`<p title="` + "`onmouseover=alert(1)`" + `">x`, `<div style="color:&#x72;ed;&#x70;osition:fixed">x</div>`, `<a href="https://e.example/&quot;onclick=alert(1)">x</a>`,
	"<p\fonclick=alert(1)>x", `<p/onclick=alert(1)>x`, `<p onclick`, `<`, `<a`, `<a href=`, `</`, `<!`, `<!--`, `&#`, `&#0;&#x202e;&#xe000;`, "\xff\xfe<script>",
	`<img src="cid:logo@x"> <img src="data:image/png;base64,iVBORw0KGgo="> <a href="mailto:a@b.co">x</a> <a href="tel:+5511987654321">y</a>`,
	`<font color=red face="Arial, sans-serif" size=+2>x</font><td colspan=2 width="50%" style="color: rgb(1, 2, 3); padding : 1px 2px">`,
}

var (
	tagged    = regexp.MustCompile(`^[a-z0-9]+$`)
	forbidden = regexp.MustCompile(`(?i)url\(|expression|position|@import|javascript:|vbscript:|binding|behavior`)
)

// harmless looks at the result as a browser does: as a tree.
func harmless(t interface{ Errorf(string, ...any) }, in, out string) {
	root, err := html.Parse(strings.NewReader("<body>" + out))
	if err != nil {
		t.Errorf("%.200q: the result is no tree: %v", in, err)
		return
	}
	for n := range root.Descendants() {
		if n.Type == html.CommentNode || n.Type == html.DoctypeNode {
			t.Errorf("%.200q: a comment is left in %.200q", in, out)
		}
		if n.Type != html.ElementNode || n.Data == "html" || n.Data == "head" || n.Data == "body" {
			continue
		}
		if n.Namespace != "" || !elements[n.Data] && n.Data != "tbody" && n.Data != "colgroup" || !tagged.MatchString(n.Data) {
			t.Errorf("%.200q: <%s> is left in %.200q", in, n.Data, out)
		}
		for _, a := range n.Attr {
			bad := strings.HasPrefix(a.Key, "on") || a.Key == "id" || a.Key == "name" || a.Key == "class" || a.Key == "srcset" || a.Key == "background"
			switch a.Key {
			case "href":
				bad = bad || !linkTarget.MatchString(a.Val)
			case "src":
				bad = bad || !cidTarget.MatchString(a.Val) && !inlineTarget.MatchString(a.Val)
			case "style":
				bad = bad || forbidden.MatchString(a.Val)
			}
			if bad {
				t.Errorf("%.200q: %s=%q is left in %.200q", in, a.Key, a.Val, out)
			}
		}
	}
}

func TestAttacks42To44NothingDangerousIsLeft(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		for _, in := range []string{v, "<div>" + v + "</div>fim", "<table><tr><td>" + v, v + v, strings.ToUpper(v)} {
			out, _ := SanitizeHTML(in)
			harmless(t, in, out)
			if again, _ := SanitizeHTML(out); again != out {
				t.Errorf("%q is not stable:\n%q\n%q", in, out, again)
			}
		}
	}
	for i := range 20 {
		m := parseHostile(t, fmt.Sprintf("x%02d", i))
		harmless(t, fmt.Sprint("x", i), m.HTML)
		if !strings.Contains(m.HTML, "fim-visivel") || !strings.Contains(m.Text, "fim-visivel") {
			t.Errorf("x%02d lost what stands behind: %q %q", i, m.HTML, m.Text)
		}
	}
}

func TestWhatAMailNeedsStays(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`<p align=center>Olá <b>Ana</b></p>`:                   `<p align="center">Olá <b>Ana</b></p>`,
		`<td style="COLOR: #f00; position:fixed;padding:1px">`: `<td style="color:#f00; padding:1px"></td>`,
		`<a href="https://x.example/?a=1&amp;b=2">x</a>`:       `<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">x</a>`,
		`<img src="cid:logo@x" width=10>`:                      `<img src="cid:logo@x" width="10">`,
		`<img src="HTTPS://e.example/a b.png">`:                `<img data-remote-src="HTTPS://e.example/a%20b.png">`,
		`a < b & c > d`:                                        `a &lt; b &amp; c &gt; d`,
		"<ul><li>a<li>b</ul>":                                  "<ul><li>a<li>b</li></li></ul>",
	} {
		if got, _ := SanitizeHTML(in); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
	clean, n := SanitizeHTML(`<img src="http://a.example/1"><img src="//a.example/2"><img src="cid:3">`)
	if n != 2 {
		t.Errorf("%d remote images", n)
	}
	if _, again := SanitizeHTML(clean); again != 2 {
		t.Errorf("%d remote images the second time", again)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, v := range vectors {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out, n := SanitizeHTML(in)
		harmless(t, in, out)
		if again, m := SanitizeHTML(out); again != out || n != m {
			t.Errorf("%q is not stable:\n%q %d\n%q %d", in, out, n, again, m)
		}
		htmlText(in)
	})
}
