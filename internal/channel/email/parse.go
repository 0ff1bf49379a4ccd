package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Parse reads a mail. It never panics and is bounded in time and memory; it
// fails only when nothing of the mail could be shown: ErrUnreadable for one
// without a header or a body, ErrTooLarge beyond MaxBytes. raw is not kept:
// Parts may share its memory, so it must not be changed afterwards.
func Parse(raw []byte, o Options) (read *Mail, err error) {
	// Whatever was overlooked here costs one mail, which is quarantined, not the process.
	defer func() {
		if p := recover(); p != nil {
			read, err = nil, ErrUnreadable.Because(fmt.Errorf("panic: %v", p))
		}
	}()
	if len(raw) > MaxBytes {
		return nil, ErrTooLarge.With("max", MaxBytes>>20)
	}
	h, body := readHeader(raw)
	if !h.any && len(bytes.Trim(body, "\x00 \t\r\n")) == 0 {
		return nil, ErrUnreadable
	}
	m := &Mail{}
	if h.cut {
		m.warn(WarnHeadersCut)
	}
	m.readPeople(&h)
	m.readThread(&h)
	m.Subject = cleanLine(onePrefix(cleanLine(decodeWords(h.get("subject")), maxHeaderValue)), MaxSubject)
	m.readDate(&h)
	m.AuthResults = authResults(&h, o.Authserv)

	cut := cutUp(raw, &h, body)
	if cut.cut {
		m.warn(WarnPartsCut)
	}
	if cut.broken {
		m.warn(WarnStructure)
	}
	c := m.assemble(&cut, body)
	m.Bounce = findBounce(&h, c.leaves, m, o)
	m.Forged = forged(m, o)
	if len(m.Forged) > 0 {
		m.warn(WarnForgedThread)
	}
	m.Automatic = classify(&h, m, o)
	return m, nil
}

// warn notes a code once.
func (m *Mail) warn(code string) {
	if !slices.Contains(m.Warnings, code) {
		m.Warnings = append(m.Warnings, code)
	}
}

func (m *Mail) readPeople(h *header) {
	read := func(name string) []Address {
		var all []Address
		for _, v := range h.fields[name] {
			got := parseAddresses(v, MaxRecipients-len(all))
			all = append(all, got.list...)
			if got.cut {
				m.warn(WarnRecipientsCut)
				break
			}
		}
		return all
	}
	m.From, m.Sender, m.ReplyTo, m.To, m.Cc = read("from"), read("sender"), read("reply-to"), read("to"), read("cc")
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"} {
		for _, a := range read(name) {
			if len(m.DeliveredTo) < MaxRecipients && !slices.Contains(m.DeliveredTo, a.Address) {
				m.DeliveredTo = append(m.DeliveredTo, a.Address)
			}
		}
	}

	var group, broken bool
	for _, v := range h.fields["from"] {
		got := parseAddresses(v, MaxRecipients)
		group, broken = group || got.group, broken || got.broken
	}
	switch {
	case group:
		m.SenderFault = SenderGroup
	case len(m.From) > 1 || len(h.fields["from"]) > 1:
		m.SenderFault = SenderSeveral
	case broken:
		m.SenderFault = SenderUnreadable
	case len(m.From) == 0:
		m.SenderFault = SenderNone
	}
	if m.SenderFault != "" {
		m.warn(WarnSenderFault)
	}
	for _, a := range m.From {
		if a.Lookalike {
			m.warn(WarnLookalike)
		}
		if posesAsAddress(a) {
			m.warn(WarnNameIsAddress)
		}
	}
}

func (m *Mail) readThread(h *header) {
	for _, v := range h.fields["message-id"] {
		for _, id := range messageIDs(v, 10) {
			if m.MessageID == "" {
				m.MessageID = id
			} else if id != m.MessageID && len(m.ExtraMessageIDs) < 10 && !slices.Contains(m.ExtraMessageIDs, id) {
				m.ExtraMessageIDs = append(m.ExtraMessageIDs, id)
			}
		}
	}
	for _, v := range h.fields["in-reply-to"] {
		for _, id := range messageIDs(v, 10) {
			if len(m.InReplyTo) < 10 && !slices.Contains(m.InReplyTo, id) {
				m.InReplyTo = append(m.InReplyTo, id)
			}
		}
	}
	var all []string
	seen := map[string]bool{}
	for _, v := range h.fields["references"] {
		for _, id := range messageIDs(v, 10_000) {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	if len(all) > firstReferences+lastReferences {
		m.warn(WarnReferencesCut)
		all = slices.Concat(all[:firstReferences], all[len(all)-lastReferences:])
	}
	m.References = all
}

func (m *Mail) readDate(h *header) {
	v := cleanLine(decodeWords(h.get("date")), 200)
	if v == "" {
		return
	}
	t, err := mail.ParseDate(v)
	// Years that no database column and no calendar takes are no dates.
	if err != nil || t.Year() < 1900 || t.Year() > 9999 {
		m.warn(WarnDate)
		return
	}
	m.Date = t.In(time.UTC)
}

const maxMessageID = 998 // bytes: a line of RFC 5322

// messageIDs finds the ids of a header, at most limit: what stands in angle
// brackets, or, where a sender forgot those, the words with an @.
func messageIDs(s string, limit int) []string {
	var ids []string
	add := func(id string) {
		id = strings.Join(strings.Fields(cleanLine(id, maxMessageID+1)), " ")
		if id != "" && len(id) <= maxMessageID {
			ids = append(ids, id)
		}
	}
	if !strings.Contains(s, "<") {
		for word := range strings.FieldsSeq(s) {
			if strings.Contains(word, "@") && len(ids) < limit {
				add(strings.Trim(word, "<>,;"))
			}
		}
		return ids
	}
	for len(ids) < limit {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		// An id ends at its line's end at the latest, so the search is bounded.
		end := closing(s[:min(len(s), i+maxMessageID+2)], i)
		add(s[i+1 : max(i+1, end)])
		s = s[min(end+1, len(s)):]
	}
	return ids
}
