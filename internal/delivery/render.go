package delivery

import (
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/outbox"
)

//go:embed templates/mail.html
var mailHTML string

var mailTemplate = template.Must(template.New("mail").Parse(mailHTML))

// letter is a mail as its template sees it. Everything in it is escaped for where
// it stands; nothing of it is ever a template itself.
type letter struct {
	outbox.Mail
	Color string
}

var isColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// fallbackColor is a brand's whose own is none.
const fallbackColor = "#0f5c7a"

// render gives what a mail says, as text and as HTML.
func render(m outbox.Mail) (plain, html string, err error) {
	l := letter{Mail: m, Color: m.Brand.Color}
	if !isColor.MatchString(l.Color) {
		l.Color = fallbackColor
	}
	var out strings.Builder
	if err := mailTemplate.Execute(&out, l); err != nil {
		return "", "", fmt.Errorf("render a mail: %w", err)
	}
	return l.plain(), out.String(), nil
}

// plain is the mail for who reads text.
func (l letter) plain() string {
	var parts []string
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" {
			parts = append(parts, text)
		}
	}
	add(l.Text)
	if l.Automatic {
		add(l.T("mail.ack.protocol") + ": " + l.Protocol)
		if l.AnswerBy != "" {
			add(l.Answered())
		}
	}
	add(l.Author)
	if l.Left > 0 {
		add(l.LeftOut())
	}
	if l.Link != "" {
		add(l.LinkName() + ":\n" + l.Link)
	}
	sign := strings.TrimSpace(l.Signature)
	if sign != "" {
		sign += "\n"
	}
	// The dash-dash-space is by what mail programs know a signature (RFC 3676, 4.3).
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + sign + l.Footer() + "\n"
}

// T is a text in the mail's language.
func (l letter) T(key string) string { return i18n.Text(l.Lang, key, nil) }

// Answered says by when the matter is answered.
func (l letter) Answered() string {
	return i18n.Text(l.Lang, "mail.ack.answer_by", map[string]any{"day": l.AnswerBy})
}

// LeftOut says how many files are only on the page.
func (l letter) LeftOut() string {
	return i18n.Text(l.Lang, "mail.left", map[string]any{"n": l.Left})
}

// LinkName is what the link leads to.
func (l letter) LinkName() string {
	if l.LinkText != "" {
		return l.LinkText
	}
	return l.T("mail.track")
}

// Footer is the last line: what this is about, or why it came.
func (l letter) Footer() string {
	if l.Foot != "" {
		return l.Foot
	}
	if l.Automatic {
		return l.T("mail.ack.why")
	}
	return i18n.Text(l.Lang, "mail.protocol", map[string]any{"protocol": l.Protocol})
}

// Paragraphs are the lines of the text, parted where it has blank ones.
func (l letter) Paragraphs() [][]string { return paragraphs(l.Text) }

// Sign are the lines of the signature.
func (l letter) Sign() [][]string { return paragraphs(l.Signature) }

func paragraphs(text string) (all [][]string) {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(text)+"\n\n", "\n") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
			continue
		}
		if len(lines) > 0 {
			all, lines = append(all, lines), nil
		}
	}
	return all
}
