package delivery

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/outbox"
)

// Blobs opens the bytes of attachments (blob.Store).
type Blobs interface {
	Open(address string) (io.ReadSeekCloser, error)
}

// compose writes a frozen mail as it goes over the wire (RFC 5322): the same at
// every try, but for the boundaries between its parts. All of it is 7-bit, in
// lines of at most 78 bytes, so that no relay has a reason to change it; a
// signer, when there is one, signs it (DKIM, RFC 6376).
func compose(m outbox.Mail, loop string, blobs Blobs, signer *mail.DKIMSigner) ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	if err := msg.FromFormat(m.FromName, m.From); err != nil {
		return nil, fmt.Errorf("write the sender: %w", err)
	}
	to := msg.To
	if m.ToName != "" {
		to = func(addresses ...string) error { return msg.AddToFormat(m.ToName, addresses[0]) }
	}
	if err := to(m.To); err != nil {
		return nil, fmt.Errorf("write the recipient: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.MessageID)
	if m.InReplyTo != "" {
		msg.SetGenHeaderPreformatted(mail.HeaderInReplyTo, "<"+m.InReplyTo+">")
	}
	if len(m.References) > 0 {
		msg.SetGenHeaderPreformatted(mail.HeaderReferences, "<"+strings.Join(m.References, ">\r\n <")+">")
	}
	msg.SetGenHeader(mail.Header(email.LoopHeader), loop)
	if m.Automatic {
		msg.SetGenHeader("Auto-Submitted", "auto-replied") // RFC 3834
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
		msg.SetGenHeader(mail.HeaderPrecedence, "bulk")
	}
	plain, html, err := render(m)
	if err != nil {
		return nil, err
	}
	msg.SetBodyString(mail.TypeTextPlain, plain)
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	for _, f := range m.Files {
		if err := attach(msg, f, blobs); err != nil {
			return nil, err
		}
	}
	if signer != nil {
		msg.SetDKIM(signer)
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	return out.Bytes(), nil
}

func attach(msg *mail.Msg, f outbox.File, blobs Blobs) error {
	content, err := blobs.Open(f.Blob)
	if err != nil {
		return fmt.Errorf("open an attachment: %w", err)
	}
	defer content.Close()
	mime := f.Mime
	if mime == "" || strings.ContainsAny(mime, "\r\n") {
		mime = "application/octet-stream"
	}
	err = msg.AttachReader(fileName(f.Name), content, mail.WithFileContentType(mail.ContentType(mime)))
	if err != nil {
		return fmt.Errorf("attach a file: %w", err)
	}
	return nil
}

// fileName is what an attachment is called: a name, never a path, on one line.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r == '"' || r == '\\' || r == '/' || r == ';' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[len(runes)-120:])
	}
	if strings.Trim(name, "._ ") == "" {
		return "anexo"
	}
	return name
}
