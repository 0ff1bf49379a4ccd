package email

import (
	"encoding/base64"
	"strings"
)

// How far the ends of an encoded-word are looked for. The standard allows 75
// bytes, some senders put a whole subject into one.
const (
	maxCharsetName = 60
	maxWord        = 8 << 10
)

// decodeWords reads the encoded-words of an unstructured header or a display
// name (RFC 2047) and the raw 8-bit text between them. Neighbouring words of
// one charset are joined as bytes before they are read, because senders cut
// them within a character. What is decoded may hold anything, line breaks too.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		text, _ := toUTF8([]byte(s), "")
		return text
	}
	var out strings.Builder
	var pending []byte // of words in charset, not yet read
	charset := ""
	flush := func() {
		if len(pending) > 0 {
			text, _ := toUTF8(pending, charset)
			out.WriteString(text)
			pending = nil
		}
	}
	plain := func(t string) {
		text, _ := toUTF8([]byte(t), "")
		out.WriteString(text)
	}
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		cs, data, rest, ok := encodedWord(s[i:])
		if !ok {
			flush()
			plain(s[:i+2])
			s = s[i+2:]
			continue
		}
		if between := s[:i]; len(pending) == 0 || strings.TrimSpace(between) != "" {
			flush()
			plain(between)
		}
		if !strings.EqualFold(cs, charset) {
			flush()
		}
		charset, pending, s = cs, append(pending, data...), rest
	}
	flush()
	plain(s)
	return out.String()
}

// encodedWord reads the word that s begins with.
func encodedWord(s string) (charset string, data []byte, rest string, ok bool) {
	s = s[2:]
	mark := strings.IndexByte(s[:min(len(s), maxCharsetName)], '?')
	if mark < 1 || len(s) < mark+3 || s[mark+2] != '?' {
		return "", nil, "", false
	}
	charset = s[:mark]
	enc, s := s[mark+1], s[mark+3:]
	end := strings.Index(s[:min(len(s), maxWord)], "?=")
	if end < 0 {
		return "", nil, "", false
	}
	text, rest := s[:end], s[end+2:]
	switch enc {
	case 'B', 'b':
		data, _ = decodeBase64([]byte(text))
	case 'Q', 'q':
		data = decodeQ(text)
	default:
		return "", nil, "", false
	}
	return charset, data, rest, true
}

// decodeQ reads the Q encoding; what is no escape stands for itself.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// decodeBase64 takes what is base64 and skips the rest; clean says there was
// nothing to skip but line breaks. Padding in the middle ends one run and
// begins another, as when lines were encoded each by itself; so does the end of
// a line with something strange in it.
func decodeBase64(b []byte) (out []byte, clean bool) {
	out = make([]byte, 0, len(b)/4*3+3)
	clean = true
	var group [4]byte
	n, strange := 0, false
	flush := func() {
		if n > 1 {
			var dst [3]byte
			k, _ := base64.RawStdEncoding.Decode(dst[:], group[:n])
			out = append(out, dst[:k]...)
		} else if n == 1 {
			clean = false
		}
		n = 0
	}
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			group[n] = c
		case c == '-':
			group[n] = '+'
			clean = false
		case c == '_':
			group[n] = '/'
			clean = false
		case c == '=':
			flush()
			continue
		case c == '\n' && strange:
			strange = false
			flush()
			continue
		case c == '\r', c == '\n', c == ' ', c == '\t':
			continue
		default:
			clean, strange = false, true
			continue
		}
		if n++; n == 4 {
			flush()
		}
	}
	flush()
	return out, clean
}

// decodeQuotedPrintable reads what it can; an "=" that escapes nothing stands
// for itself, and clean is false then (RFC 2045, 6.7).
func decodeQuotedPrintable(b []byte) (out []byte, clean bool) {
	out = make([]byte, 0, len(b))
	clean = true
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) && hexDigit(b[i+1]) >= 0 && hexDigit(b[i+2]) >= 0 {
			out = append(out, byte(hexDigit(b[i+1])<<4|hexDigit(b[i+2])))
			i += 2
			continue
		}
		j := i + 1
		for j < len(b) && (b[j] == ' ' || b[j] == '\t') {
			j++
		}
		switch {
		case j >= len(b):
			i = j
		case b[j] == '\n':
			i = j
		case b[j] == '\r' && j+1 < len(b) && b[j+1] == '\n':
			i = j + 1
		default:
			out = append(out, '=')
			clean = false
		}
	}
	return out, clean
}

// hexDigit is the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
