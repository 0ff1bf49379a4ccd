package email

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxNesting   = 100       // elements within elements
	maxLinks     = 5000      // the rest keep their words only
	maxAttribute = 4 << 10   // bytes, but for inline images
	maxInline    = 512 << 10 // bytes of an image within the HTML
)

// SanitizeHTML makes a mail's HTML harmless, for a sandboxed frame under a
// strict policy: text, lists, tables, links and pictures stay; scripts, styles
// that lay themselves over the page, forms, frames and whatever fetches go.
// Elements come out closed and at most 100 deep, so that no browser builds
// another tree of them than the one checked here. cid: images keep their src
// for the caller to replace. An image from elsewhere has its address in
// data-remote-src and no src; remoteImages counts those.
//
// Sanitising the result again changes nothing.
func SanitizeHTML(markup string) (clean string, remoteImages int) {
	markup = cleanText(dropMarks(markup[:min(len(markup), MaxHTML)]))
	s := sanitizer{}
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		s.token(kind, z)
	}
	for len(s.stack) > 0 {
		s.pop()
	}
	// The second look is somebody else's: what the first lets through by mistake
	// has to pass this list as well.
	return policy().Sanitize(s.b.String()), s.remote
}

// elements that stay. Everything else loses its tags and keeps its words, but
// for those in wordless.
var elements = setOf(`a abbr address article b big blockquote br caption center code col colgroup dd del div dl dt em
	figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section small
	span strike strong sub sup table tbody td tfoot th thead tr tt u ul wbr`)

// wordless elements lose what is in them too.
var wordless = setOf("script style title iframe noembed noframes")

var void = setOf("br hr img col wbr")

// plain are the attributes whose values are numbers, colours or single words.
var plain = setOf(`align bgcolor border cellpadding cellspacing color colspan dir height lang nowrap rowspan
	size span start type valign width`)

var plainValue = regexp.MustCompile(`^[#A-Za-z0-9.%+-]{1,40}$`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// policy says the same as the tables above once more, in bluemonday's terms.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for name := range elements {
		p.AllowNoAttrs().OnElements(name)
	}
	for name := range plain {
		p.AllowAttrs(name).Matching(plainValue).Globally()
	}
	p.AllowAttrs("style").Matching(regexp.MustCompile(`^[a-z-]+:[^\\<>:;]+(; [a-z-]+:[^\\<>:;]+)*$`)).Globally()
	p.AllowAttrs("title", "alt", "face").Globally()
	p.AllowAttrs("href").Matching(linkTarget).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + linkRel + `$`)).OnElements("a")
	p.AllowAttrs("target").Matching(regexp.MustCompile(`^_blank$`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^(cid:|data:image/)`)).OnElements("img")
	p.AllowAttrs("data-remote-src").Matching(remoteTarget).OnElements("img")
	return p
})

const linkRel = "noopener noreferrer nofollow"

var (
	linkTarget   = regexp.MustCompile(`^(?i:https?://[^\s<>"'\\]+|mailto:[^\s<>"'\\]+|tel:[+0-9().-]+)$`)
	remoteTarget = regexp.MustCompile(`^(?i:https?:)?//[^\s<>"'\\]+$`)
	inlineTarget = regexp.MustCompile(`^data:image/(png|jpeg|jpg|gif|webp);base64,[A-Za-z0-9+/=]+$`)
	cidTarget    = regexp.MustCompile(`^cid:[A-Za-z0-9!#$%&*+,.;=?@^_{|}~-]{1,200}$`)
)

type sanitizer struct {
	b       strings.Builder
	stack   []string       // open elements
	dropped map[string]int // start tags left out for their depth, by element
	skip    string         // the wordless element we are in
	links   int
	remote  int
}

func (s *sanitizer) token(kind html.TokenType, z *html.Tokenizer) {
	switch kind {
	case html.TextToken:
		if s.skip == "" {
			s.b.WriteString(html.EscapeString(visible(string(z.Text()))))
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		t := z.Token()
		switch {
		case s.skip != "":
		case wordless[t.Data]:
			if kind == html.StartTagToken {
				s.skip = t.Data
			}
		case elements[t.Data]:
			s.open(t)
		case blocks[t.DataAtom]:
			s.b.WriteByte('\n')
		}
	case html.EndTagToken:
		name, _ := z.TagName()
		t := string(name)
		if s.skip != "" {
			if t == s.skip {
				s.skip = ""
			}
		} else if elements[t] && !void[t] {
			s.close(t)
		}
	}
}

// visible leaves out what entities brought back in.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && invisible(r) || r == markQuote || r == markSignature {
			return -1
		}
		return r
	}, s)
}

func (s *sanitizer) open(t html.Token) {
	deep := len(s.stack) >= maxNesting && !void[t.Data]
	if t.DataAtom == atom.A {
		if s.links++; s.links > maxLinks {
			deep = true
		}
	}
	if deep {
		if s.dropped == nil {
			s.dropped = map[string]int{}
		}
		s.dropped[t.Data]++
		return
	}
	// A link within a link ends the first one, in every browser.
	if t.DataAtom == atom.A && slices.Contains(s.stack, "a") {
		s.close("a")
	}
	s.b.WriteByte('<')
	s.b.WriteString(t.Data)
	for i, a := range t.Attr {
		if a.Namespace == "" && !repeated(t.Attr[:i], a.Key) {
			s.attribute(t.DataAtom, a.Key, a.Val)
		}
	}
	s.b.WriteByte('>')
	if !void[t.Data] {
		s.stack = append(s.stack, t.Data)
	}
}

// repeated reports whether an attribute stood before; the first one counts.
func repeated(before []html.Attribute, key string) bool {
	return slices.ContainsFunc(before[:min(len(before), 100)], func(a html.Attribute) bool { return a.Key == key })
}

func (s *sanitizer) close(name string) {
	if s.dropped[name] > 0 {
		s.dropped[name]--
		return
	}
	if !slices.Contains(s.stack, name) {
		return
	}
	for s.pop() != name {
	}
}

func (s *sanitizer) pop() string {
	name := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	s.b.WriteString("</" + name + ">")
	return name
}

func (s *sanitizer) attribute(element atom.Atom, key, val string) {
	val = strings.TrimSpace(strings.ReplaceAll(visible(val), "\n", " "))
	if len(val) > maxAttribute && (element != atom.Img || key != "src" || len(val) > maxInline) {
		return
	}
	switch {
	case key == "style":
		s.write(key, style(val))
	case key == "title", key == "alt", key == "face":
		s.write(key, val)
	case plain[key]:
		if plainValue.MatchString(val) {
			s.write(key, val)
		}
	case element == atom.A && key == "href":
		val = strings.ReplaceAll(val, " ", "%20")
		if linkTarget.MatchString(val) {
			s.write(key, val)
			s.write("target", "_blank")
			s.write("rel", linkRel)
		}
	case element == atom.Img && (key == "src" || key == "data-remote-src"):
		s.image(key, val)
	}
}

// image keeps what the mail brings along and blocks what would be fetched.
func (s *sanitizer) image(key, val string) {
	compact := strings.Join(strings.Fields(val), "")
	switch {
	case key == "src" && (cidTarget.MatchString(compact) || inlineTarget.MatchString(compact)):
		s.write("src", compact)
	case remoteTarget.MatchString(strings.ReplaceAll(val, " ", "%20")):
		s.remote++
		s.write("data-remote-src", strings.ReplaceAll(val, " ", "%20"))
	}
}

func (s *sanitizer) write(key, val string) {
	if val != "" {
		s.b.WriteString(" " + key + `="` + html.EscapeString(val) + `"`)
	}
}

// properties of style that shape words and boxes where they stand. Those that
// place, cover, fetch or hide are not among them.
var properties = setOf(`color background-color font font-family font-size font-style font-weight font-variant
	text-align text-decoration text-indent text-transform letter-spacing line-height white-space vertical-align
	word-break word-wrap overflow-wrap direction
	border border-top border-right border-bottom border-left border-color border-style border-width border-collapse
	border-spacing border-radius padding padding-top padding-right padding-bottom padding-left
	margin margin-top margin-right margin-bottom margin-left width max-width min-width height
	list-style-type table-layout`)

var (
	styleValue = regexp.MustCompile(`^[#A-Za-z0-9 .,%'"!_+-]+$`)
	colour     = regexp.MustCompile(`(?i)\b(rgb|rgba|hsl|hsla)\([0-9 .,%]{1,40}\)`)
	negative   = regexp.MustCompile(`(^|[ ,])-`)
)

// style keeps the harmless declarations of a style attribute.
func style(s string) string {
	var out []string
	for decl := range strings.SplitSeq(s, ";") {
		name, val, ok := strings.Cut(decl, ":")
		name, val = strings.ToLower(strings.TrimSpace(name)), strings.Join(strings.Fields(val), " ")
		if !ok || !properties[name] || len(val) > 200 || len(out) >= 40 {
			continue
		}
		if !styleValue.MatchString(colour.ReplaceAllString(val, "x")) || negative.MatchString(val) && name != "letter-spacing" {
			continue
		}
		out = append(out, name+":"+val)
	}
	return strings.Join(out, "; ")
}
