package mailroom

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
)

// Bounds of a preview. What waits for a person may be what made the whole
// reading fail, so only the start of it is read.
const (
	previewBytes  = 1 << 20 // of the mail as it came
	previewPeople = 5       // of From, and of To and Cc
	previewParts  = 20
	previewBody   = 600 // runes
)

// Preview tells what a mail says of itself: from, to, subject, date (RFC 3339, by
// the sender's clock), the start of its text as body, and its files as parts, one
// in a line. All of it is plain text by a stranger. A mail of which nothing can
// be told has no preview.
func (r *Mailroom) Preview(raw []byte) map[string]string {
	whole := len(raw) <= previewBytes
	m, err := email.Parse(raw[:min(len(raw), previewBytes)], email.Options{})
	if err != nil {
		return nil
	}
	told := map[string]string{
		"from": named(m.From), "to": named(append(m.To, m.Cc...)), "subject": m.Subject, "body": start(m.Text, previewBody),
		"parts": fileList(m.Parts, whole),
	}
	if !m.Date.IsZero() {
		told["date"] = m.Date.Format(time.RFC3339)
	}
	for name, value := range told {
		if value == "" {
			delete(told, name)
		}
	}
	return told
}

func named(all []email.Address) string {
	var b strings.Builder
	for i, a := range all {
		if i == previewPeople {
			fmt.Fprintf(&b, " (+%d)", len(all)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if name := displayName(a); name != "" {
			fmt.Fprintf(&b, "%s <%s>", name, a.Address)
		} else {
			b.WriteString(a.Address)
		}
	}
	return b.String()
}

// fileList names the files with what they claim to be. The size of one that was
// cut by the bound is not known, and neither is what follows it.
func fileList(parts []email.Part, whole bool) string {
	lines := make([]string, 0, len(parts))
	for i, p := range parts {
		if i == previewParts {
			whole = false
			break
		}
		line := p.Name + " (" + p.Mime
		if whole {
			line += fmt.Sprintf(", %d B", len(p.Data))
		}
		lines = append(lines, line+")")
	}
	if !whole {
		lines = append(lines, "…")
	}
	return strings.Join(lines, "\n")
}

// start is the first runes of a text, with a mark where it was cut.
func start(text string, runes int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) <= runes {
		return text
	}
	return string([]rune(text)[:runes]) + "…"
}

var _ intake.Previewer = (*Mailroom)(nil)
