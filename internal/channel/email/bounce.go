package email

import (
	"regexp"
	"strings"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Outcome is what a delivery report says became of a mail.
type Outcome string

// Outcomes (RFC 3464, 2.3.3).
const (
	OutcomeFailed    Outcome = "failed"
	OutcomeDelayed   Outcome = "delayed"   // still tried
	OutcomeDelivered Outcome = "delivered" // or relayed, or read
)

// Bounce is a report about the delivery of another mail. Anybody can write one:
// it counts only when OutID is set, or OriginalMessageID is one we sent to that
// recipient.
type Bounce struct {
	OriginalMessageID string // without angle brackets, empty when the report does not say
	OutID             int64  // from our return path (Signer.VerifyReturnPath), 0 when it came elsewhere
	Recipient         string // small letters, empty when the report does not say
	Outcome           Outcome
	Status            string // enhanced status code (RFC 3463) such as 5.1.1, empty when unknown
	// Hard says that the address itself is wrong for good, so that nothing should be
	// sent there again. A full mailbox or a refused text is failed, not hard.
	Hard       bool
	Diagnostic string // what the other server said, one line
}

// findBounce reads a delivery report: by its parts where it has those (RFC 3464,
// RFC 8098), else by what servers are known to write to people.
func findBounce(h *header, list []decodedLeaf, m *Mail, o Options) *Bounce {
	b := &Bounce{OutID: returnedTo(m, o)}
	found := false
	for i := range list {
		d := &list[i]
		switch d.kind.value {
		case "message/delivery-status", "message/global-delivery-status":
			found = b.readStatus(d.data) || found
		case "message/disposition-notification":
			if b.Outcome == "" && (d.report || len(list) == 1) {
				found = b.readDisposition(d.data) || found
			}
		}
	}
	text := m.Text + "\n" + m.Folded
	if !found {
		if !fromServer(h, m, o, b.OutID) {
			return nil
		}
		b.readWords(h, text)
	}
	b.original(list, m, o, text)
	if b.Status == "" {
		b.Status = statusCode.FindString(b.Diagnostic)
	}
	if b.Outcome == "" {
		b.Outcome = OutcomeFailed
		if strings.HasPrefix(b.Status, "4") {
			b.Outcome = OutcomeDelayed
		}
	}
	b.Hard = b.Outcome == OutcomeFailed && hard(b.Status, b.Diagnostic)
	return b
}

// returnedTo is the outgoing mail whose return path this one was sent to.
func returnedTo(m *Mail, o Options) int64 {
	addresses := append(append([]string{}, o.Recipients...), m.DeliveredTo...)
	for _, a := range m.To {
		addresses = append(addresses, a.Address)
	}
	for _, a := range addresses {
		if id, ok := o.Signer.VerifyReturnPath(a); ok {
			return id
		}
	}
	return 0
}

// fromServer reports whether a mail without a machine-readable report is one
// all the same.
func fromServer(h *header, m *Mail, o Options, outID int64) bool {
	if word(h.get("auto-submitted")) == "auto-replied" && !begins(m.Subject, bounceSubjects) || autoReplySubject(m.Subject) {
		return false
	}
	daemon := false
	for _, a := range m.From {
		local, _, _ := strings.Cut(a.Address, "@")
		daemon = daemon || local == "mailer-daemon" || local == "postmaster" || strings.HasPrefix(local, "microsoftexchange")
	}
	switch {
	case h.has("x-failed-recipients"), outID != 0 && nullSender(h, o):
		return true
	case daemon, nullSender(h, o):
		return begins(m.Subject, bounceSubjects)
	}
	return false
}

// readStatus reads a message/delivery-status: groups of fields, the first about
// the whole, one for each recipient after it. A failed one is told before others.
func (b *Bounce) readStatus(data []byte) bool {
	found := false
	rest := data[:min(len(data), maxReport)]
	for len(strings.TrimSpace(string(rest))) > 0 {
		var g header
		g, rest = readFields(rest)
		action, status := strings.ToLower(word(g.get("action"))), statusCode.FindString(g.get("status"))
		if action == "" && status == "" && g.get("final-recipient") == "" {
			continue
		}
		var outcome Outcome
		switch {
		case action == "delayed":
			outcome = OutcomeDelayed
		case action == "delivered", action == "relayed", action == "expanded":
			outcome = OutcomeDelivered
		case action == "" && strings.HasPrefix(status, "2"):
			outcome = OutcomeDelivered
		default:
			outcome = OutcomeFailed
		}
		if found && (outcome != OutcomeFailed || b.Outcome == OutcomeFailed) {
			continue
		}
		found = true
		b.Outcome, b.Status = outcome, status
		b.Diagnostic = cleanLine(decodeWords(typed(g.get("diagnostic-code"))), MaxSubject)
		b.Recipient = ""
		// The address we wrote to comes first: the final one may be where it was forwarded.
		for _, name := range []string{"original-recipient", "final-recipient", "x-actual-recipient"} {
			if a := parseAddresses(typed(g.get(name)), 1); b.Recipient == "" && len(a.list) == 1 {
				b.Recipient = a.list[0].Address
			}
		}
	}
	return found
}

// readDisposition reads a read receipt: the mail arrived.
func (b *Bounce) readDisposition(data []byte) bool {
	g, _ := readFields(data[:min(len(data), maxReport)])
	disposition := strings.ToLower(g.get("disposition"))
	if disposition == "" {
		return false
	}
	b.Outcome = OutcomeDelivered
	if a := parseAddresses(typed(g.get("final-recipient")), 1); len(a.list) == 1 {
		b.Recipient = a.list[0].Address
	}
	if ids := messageIDs(g.get("original-message-id"), 1); len(ids) == 1 {
		b.OriginalMessageID = ids[0]
	}
	b.Diagnostic = cleanLine(disposition, MaxSubject)
	return true
}

// typed is a value without its type: "rfc822; ana@exemplo.com".
func typed(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && !strings.Contains(kind, "@") {
		return strings.TrimSpace(rest)
	}
	return v
}

const maxReport = 256 << 10 // bytes of a report that are read

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	smtpReply  = regexp.MustCompile(`\b[45]\d\d[ -][^\n]{0,300}`)
	anAddress  = regexp.MustCompile(`[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,60}`)
	quotedID   = regexp.MustCompile(`(?im)^[> \t]*message-id:[ \t]*<([^<>\s]{1,900})>`)
)

// readWords reads what a server wrote to a person: qmail, older Exim and
// Exchange, and the many others that send no report.
func (b *Bounce) readWords(h *header, text string) {
	text = text[:min(len(text), maxReport)]
	// The mail that comes back stands below, with addresses and numbers of its own.
	head := text
	for _, mark := range []string{"--- Below this line", "------ This is a copy", "------ This is the copy", "--- The header of the original",
		"----- Original message", "---- Mensagem original", "Received: from", "Return-Path:"} {
		if i := strings.Index(head, mark); i >= 0 {
			head = head[:i]
		}
	}
	if a := parseAddresses(h.get("x-failed-recipients"), 1); len(a.list) > 0 {
		b.Recipient = a.list[0].Address
	} else {
		for _, found := range anAddress.FindAllString(head, 10) {
			if a, ok := channel.ParseEmail(found); ok && !strings.HasPrefix(a, "postmaster@") && !strings.HasPrefix(a, "mailer-daemon@") {
				b.Recipient = a
				break
			}
		}
	}
	b.Status = statusCode.FindString(head)
	b.Diagnostic = cleanLine(smtpReply.FindString(head), MaxSubject)
	if b.Diagnostic == "" && b.Recipient != "" {
		if _, after, ok := strings.Cut(head, b.Recipient); ok {
			line, _, _ := strings.Cut(strings.TrimLeft(after, ">:;., \t\n"), "\n")
			b.Diagnostic = cleanLine(line, MaxSubject)
		}
	}
	small := strings.ToLower(head)
	for _, mark := range []string{"delayed", "will be retried", "will continue to try", "temporarily", "still being retried", "foi adiada", "tentará novamente"} {
		if b.Status == "" && strings.Contains(small, mark) || strings.HasPrefix(b.Status, "4") && strings.Contains(small, mark) {
			b.Outcome = OutcomeDelayed
		}
	}
}

// original finds the Message-ID of the mail the report is about. One that is
// verifiably ours is taken before any other.
func (b *Bounce) original(list []decodedLeaf, m *Mail, o Options, text string) {
	var ids []string
	if b.OriginalMessageID != "" {
		ids = append(ids, b.OriginalMessageID)
	}
	for i := range list {
		switch list[i].kind.value {
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
			inner, _ := readHeader(list[i].data[:min(len(list[i].data), maxReport)])
			ids = append(ids, messageIDs(inner.get("message-id"), 1)...)
		}
	}
	for _, found := range quotedID.FindAllStringSubmatch(text[:min(len(text), maxReport)], 5) {
		ids = append(ids, found[1])
	}
	ids = append(ids, m.InReplyTo...)
	if n := len(m.References); n > 0 {
		ids = append(ids, m.References[n-1])
	}
	for _, id := range ids {
		if _, _, ok := o.Signer.Verify(id); ok {
			b.OriginalMessageID = id
			return
		}
	}
	if len(ids) > 0 {
		b.OriginalMessageID = ids[0]
	}
}

// hard decides by the status code (RFC 3463) and the words beside it whether the
// address is wrong for good. Policy (5.7), content (5.6), size (5.2.3, 5.3.4)
// and full mailboxes (5.2.2) are about this mail or this day.
func hard(status, diagnostic string) bool {
	small := strings.ToLower(diagnostic)
	unknown := false
	for _, mark := range []string{"user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "no mailbox here",
		"mailbox unavailable", "mailbox not found", "recipient not found", "address rejected: user", "invalid recipient",
		"unrouteable address", "account has been disabled", "account is disabled", "recipientnotfound", "não existe", "usuário desconhecido",
		"domain not found", "host or domain name not found", "no existe", "couldn't find any host", "name or service not known"} {
		unknown = unknown || strings.Contains(small, mark)
	}
	switch status {
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.4":
		return true
	case "5.0.0", "5.4.1", "5.5.0", "5.5.1", "5.3.0", "5.2.0":
		return unknown
	case "":
		return unknown
	}
	return false
}
