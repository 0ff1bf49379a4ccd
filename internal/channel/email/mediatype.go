package email

import (
	"strconv"
	"strings"
)

// mediaType is a Content-Type or Content-Disposition.
type mediaType struct {
	value  string // small letters
	params map[string]string
}

// parseMediaType reads a structured MIME header as leniently as it can: missing
// quotes, missing semicolons at the end, encoded-words where RFC 2231 is due.
func parseMediaType(s string) mediaType {
	m := mediaType{params: map[string]string{}}
	value, rest, _ := strings.Cut(s, ";")
	if i := strings.IndexAny(strings.TrimSpace(value), " \t"); i >= 0 {
		value = strings.TrimSpace(value)[:i]
	}
	m.value = strings.ToLower(strings.Trim(value, " \t\"'"))
	pieces := map[string]map[int]piece{} // of RFC 2231 continuations
	for n := 0; rest != "" && n < 100; n++ {
		var name, val string
		name, val, rest = parameter(rest)
		if name == "" || len(name) > 60 {
			continue
		}
		base, index, encoded := splitName(name)
		if index < 0 && !encoded {
			if _, has := m.params[name]; !has {
				m.params[name] = val
			}
			continue
		}
		if pieces[base] == nil {
			pieces[base] = map[int]piece{}
		}
		pieces[base][max(index, 0)] = piece{val, encoded}
	}
	for base, list := range pieces {
		m.params[base] = join(list)
	}
	return m
}

// parameter takes one name=value off s.
func parameter(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t")
	eq := strings.IndexAny(s, "=;")
	if eq < 0 {
		return "", "", ""
	}
	if s[eq] == ';' {
		return "", "", s[eq+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:eq]))
	s = strings.TrimLeft(s[eq+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		var b strings.Builder
		for i := 1; i < len(s); i++ {
			switch {
			// A backslash escapes a quote or itself. Before anything else it is part
			// of a path as some senders write them.
			case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
				i++
				b.WriteByte(s[i])
			case s[i] == '"':
				return name, b.String(), s[i+1:]
			default:
				b.WriteByte(s[i])
			}
		}
		return name, b.String(), ""
	}
	value, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSpace(value), rest
}

type piece struct {
	text    string
	encoded bool
}

// splitName parts "filename*1*" into its name, its index (-1 for none) and
// whether its value is percent-encoded.
func splitName(s string) (base string, index int, encoded bool) {
	index = -1
	if t, ok := strings.CutSuffix(s, "*"); ok {
		s, encoded = t, true
	}
	if b, n, ok := strings.Cut(s, "*"); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < 100 {
			return b, i, encoded
		}
	}
	return s, -1, encoded
}

// join puts the pieces of a value together (RFC 2231, 3 and 4).
func join(list map[int]piece) string {
	var raw []byte
	charset := ""
	for i := 0; i < len(list); i++ {
		p, ok := list[i]
		if !ok {
			break
		}
		if !p.encoded {
			raw = append(raw, p.text...)
			continue
		}
		text := p.text
		if i == 0 {
			if cs, after, ok := strings.Cut(text, "'"); ok {
				if _, t, ok := strings.Cut(after, "'"); ok {
					charset, text = cs, t
				}
			}
		}
		for j := 0; j < len(text); j++ {
			if text[j] == '%' && j+2 < len(text) && hexDigit(text[j+1]) >= 0 && hexDigit(text[j+2]) >= 0 {
				raw = append(raw, byte(hexDigit(text[j+1])<<4|hexDigit(text[j+2])))
				j += 2
			} else {
				raw = append(raw, text[j])
			}
		}
	}
	s, _ := toUTF8(raw, charset)
	return s
}
