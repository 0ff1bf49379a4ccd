package email

import "strings"

// Fold parts a text into what its sender wrote now and the rest: the quoted mail
// below it, the signature, the company's disclaimer. folded keeps all of the
// rest, in its order.
//
// When in doubt the text stays whole: answers between quoted lines make no sense
// without them; a mail that is nothing but quoted has its text there; and what
// somebody forwards to us is the demand itself. Time is linear in the text.
func Fold(text string) (fresh, folded string) {
	lines := strings.Split(text, "\n")
	f := folder{lines: lines, kind: make([]lineKind, len(lines)), words: map[int]string{}}
	end := f.quote()
	if f.whole {
		return whole(text), ""
	}
	end = f.signature(end)
	end = f.closing(end)
	start := f.leading(end)
	fresh = whole(strings.Join(lines[start:end], "\n"))
	if fresh == "" {
		return whole(text), ""
	}
	rest := append(append([]string{}, lines[:start]...), lines[end:]...)
	return fresh, whole(strings.Join(rest, "\n"))
}

// whole is a text without our marks and the blank lines around it.
func whole(s string) string {
	if !strings.ContainsRune(s, markQuote) && !strings.ContainsRune(s, markSignature) {
		return strings.Trim(strings.TrimRight(s, " \t\n"), "\n")
	}
	s = strings.ReplaceAll(s, string(markQuote)+"\n", "")
	s = strings.ReplaceAll(s, string(markSignature)+"\n", "")
	return strings.Trim(strings.TrimRight(dropMarks(s), " \t\n"), "\n")
}

type lineKind uint8

const (
	lineText lineKind = iota
	lineBlank
	lineQuoted
)

type folder struct {
	lines []string
	kind  []lineKind
	words map[int]string // headerWord of the lines that were asked for
	whole bool           // nothing can be folded without loss of sense
}

// Lines longer than this are no header, separator or attribution.
const maxMarkerLine = 600

// quote returns the line from which on there is nothing but the mail that is
// answered, or the number of lines.
func (f *folder) quote() int {
	lastText, firstQuoted := -1, -1
	for i, line := range f.lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			f.kind[i] = lineBlank
		case trimmed[0] == '>':
			f.kind[i] = lineQuoted
			if firstQuoted < 0 {
				firstQuoted = i
			}
		case forwardMark(trimmed):
			f.whole = true
			return len(f.lines)
		case strings.ContainsRune(trimmed, markQuote), answerMark(trimmed), f.headerBlock(i),
			attribution(trimmed) && !f.quotedBelow(i):
			// All below is the answered mail: such programs answer above it.
			if firstQuoted >= 0 && firstQuoted < lastText {
				f.whole = true // and yet there are answers between quoted lines
			}
			return f.before(f.attributed(i))
		default:
			lastText = i
		}
	}
	if firstQuoted < 0 {
		return len(f.lines)
	}
	// The quoted lines at the end; what follows them may be a signature.
	tail := len(f.lines)
	if lastText > firstQuoted {
		from := f.signature(len(f.lines))
		from = f.closing(from)
		tail = from
	}
	first := tail
	for first > 0 && f.kind[first-1] != lineText {
		first--
	}
	if first == tail || !f.anyQuoted(first, tail) {
		return f.mixed(firstQuoted, lastText)
	}
	for first < tail && f.kind[first] == lineBlank {
		first++
	}
	cut := f.attributed(first)
	if f.anyQuoted(0, cut) {
		f.whole = true // answers between
	}
	return f.before(cut)
}

// mixed decides about text below quoted lines: one long quotation and the whole
// answer below it can be parted (see leading), anything else not.
func (f *folder) mixed(firstQuoted, lastText int) int {
	i := firstQuoted
	for i < len(f.lines) && f.kind[i] != lineText {
		i++
	}
	f.whole = f.anyQuoted(i, len(f.lines)) || f.anyText(0, f.attributed(firstQuoted)) || i-firstQuoted < minLeadingQuote
	return len(f.lines)
}

// A quotation of fewer lines above an answer is left where it is: it is what the
// answer is to.
const minLeadingQuote = 8

// leading returns the first line after a quotation the text begins with.
func (f *folder) leading(end int) int {
	i := 0
	for i < end && f.kind[i] == lineBlank {
		i++
	}
	first := i
	for i < end && f.kind[i] == lineText && i < first+3 {
		i++
	}
	if i >= end || f.kind[i] != lineQuoted || f.attributed(i) > first {
		return 0
	}
	for i < end && f.kind[i] != lineText {
		i++
	}
	if i == end {
		return 0
	}
	return i
}

func (f *folder) anyQuoted(from, to int) bool { return f.anyOf(lineQuoted, from, to) }

func (f *folder) anyText(from, to int) bool { return f.anyOf(lineText, from, to) }

func (f *folder) anyOf(k lineKind, from, to int) bool {
	for i := from; i < to; i++ {
		if f.kind[i] == k {
			return true
		}
	}
	return false
}

// attributed moves a cut at line i up over the line or lines that say whose
// words follow ("Em seg., 2 de mar. de 2026, Ana escreveu:").
func (f *folder) attributed(i int) int {
	j := i
	for j > 0 && f.kind[j-1] == lineBlank {
		j--
	}
	joined := ""
	for n := 1; n <= 3 && j-n >= 0; n++ {
		line := strings.TrimSpace(f.lines[j-n])
		if line == "" || len(line) > maxMarkerLine || f.kind[j-n] == lineQuoted {
			break
		}
		joined = strings.TrimSpace(line + " " + joined)
		if attribution(joined) {
			return j - n
		}
	}
	return i
}

// before moves a cut up over a rule of dashes or underscores and blank lines.
func (f *folder) before(i int) int {
	for n := 0; n < 4 && i > 0; n++ {
		line := strings.TrimSpace(f.lines[i-1])
		if line != "" && !ruler(line) {
			break
		}
		i--
	}
	return i
}

// quotedBelow reports whether the first line with anything on it below i, and
// near, is quoted. Some programs copy the mail they answer as it is.
func (f *folder) quotedBelow(i int) bool {
	for j := i + 1; j < len(f.lines) && j <= i+4; j++ {
		if line := strings.TrimSpace(f.lines[j]); line != "" {
			return line[0] == '>'
		}
	}
	return true // nothing below: then it is no header either
}

// headerBlock reports whether line i begins the header of a mail as Outlook
// copies it: De, Enviada em, Para, Assunto, in any of three languages.
func (f *folder) headerBlock(i int) bool {
	if f.headerWord(i) != headerFrom {
		return false
	}
	first := ""
	for j := i + 1; j < len(f.lines) && j <= i+8; j++ {
		switch w := f.headerWord(j); {
		case w == "" || w == headerFrom || w == first:
		case first == "":
			first = w
		default:
			return true
		}
	}
	return false
}

// headerWord asks for each line once, however many headers seem to begin above it.
func (f *folder) headerWord(i int) string {
	w, known := f.words[i]
	if !known {
		w = headerWord(f.lines[i])
		f.words[i] = w
	}
	return w
}

// signature moves the end of the new text up over a signature that is marked as
// one: by "-- " (RFC 3676, 4.3), or by the mail program.
func (f *folder) signature(end int) int {
	filled := 0
	for i := end - 1; i >= 0 && filled <= maxSignature; i-- {
		line := strings.TrimRight(f.lines[i], " ")
		if line == "--" || line == "—" || strings.ContainsRune(line, markSignature) {
			if f.anyText(0, i) && (line != "—" || filled > 0) {
				return i
			}
			return end
		}
		if f.kind[i] == lineQuoted {
			return end
		}
		if f.kind[i] == lineText {
			filled++
		}
	}
	return end
}

// maxSignature is how many lines with something on them a signature has at most.
const maxSignature = 20

// closing moves the end of the new text up over what programs and companies put
// under every mail: "Enviado do meu iPhone", disclaimers, notes about viruses
// and trees. Only whole paragraphs at the end are looked at, at most ten.
func (f *folder) closing(end int) int {
	for range 10 {
		last := end
		for last > 0 && f.kind[last-1] == lineBlank {
			last--
		}
		first := last
		for first > 0 && f.kind[first-1] == lineText && last-first < 60 {
			first--
		}
		if first == last {
			return end
		}
		switch paragraph := strings.Join(f.lines[first:last], " "); {
		case disclaimer(paragraph) && f.anyText(0, first):
			end = first
		case mobile(f.lines[last-1]) && f.anyText(0, last-1):
			end = last - 1
		default:
			return end
		}
	}
	return end
}
