package mailroom

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel/email"
)

// Which ticket a mail belongs to.
//
// A mail joins a ticket only on evidence, and what counts as evidence depends on
// who sends it. From and every header can be forged, ids and numbers can be
// guessed or forwarded; so no single one of them is enough:
//
//	the mail names            and its sender                              joins
//	an id that we signed      is on the ticket, or got that message       yes
//	an id that we signed      has a verified identity of the customer     yes
//	an id that we signed      has an unverified identity of the customer  yes, shown as "another sender"
//	an id that we signed      is anybody else                             no, suggested to the agent
//	a mail known there        is on the ticket, or has a verified ident.  yes
//	a mail known there        is anybody else                             no, suggested
//	its protocol, in Subject  is on the ticket                            yes
//	its protocol, in Subject  is anybody else                             no, and not suggested
//
// "On the ticket" is whoever opened it, by whatever channel, with this address,
// and whoever wrote in it by mail as one of these. Somebody to whom a customer
// forwards our answer holds our signed id, too; what they write is theirs, and
// the customer must not read it: hence a ticket of their own. Behind the wall
// only signed ids count, and nothing is suggested.
//
// When our own mail server says that the sender is forged (DMARC fail), only an
// id that we signed lets the mail in, and it is shown as unverified.

// Where the evidence for a ticket comes from.
type evidence string

const (
	bySignedID  evidence = "signed_id"
	byKnownMail evidence = "known_mail"
	byProtocol  evidence = "protocol"
)

// place is where a mail belongs.
type place struct {
	ticketID int64 // 0 when it is a matter of its own
	subject  string
	by       evidence
	// another says that the sender is not proven to be the customer: the mail is
	// shown as another sender's, and makes nobody a part of the ticket.
	another bool
	// duplicate says that the ticket has this very mail already.
	duplicate bool
	messageID int64 // the one it duplicates

	suggest []suggestion // what it may be about, when it joins nothing
	touches bool         // it refers to something of ours, whether it may join it or not
}

// suggestion is a ticket that a mail refers to whose sender is not on it.
type suggestion struct {
	ticketID int64
	by       evidence
}

// maxSuggestions bounds what an agent is told to look at.
const maxSuggestions = 3

// thread is what is asked about one mail.
type thread struct {
	names    names
	signed   map[string]signed // by id: those among names that are of mails of ours
	protocol string            // in the subject, "" when none
	sender   string
	text     []byte // hashText of the mail
	forged   bool   // our own mail server says that From is not who sent it
}

// signed is a mail of ours that this one refers to.
type signed struct {
	ticketID  int64
	recipient string // who got it
}

// ours finds the mails of ours that a mail refers to: by ids that verify and that
// are stored. A signature alone says only that we made the id; after a restore
// the ticket it was made for may be another.
func ours(ctx context.Context, tx *gorm.DB, signer email.Signer, ids []string) (map[string]signed, error) {
	byStored := map[string][]string{}
	for _, id := range ids {
		if _, _, ok := signer.Verify(id); ok {
			// Some servers change the case of what they answer to.
			stored := strings.ToLower(id)
			byStored[stored] = append(byStored[stored], id)
		}
	}
	found := map[string]signed{}
	if len(byStored) == 0 {
		return found, nil
	}
	var rows []struct {
		MailID    string
		TicketID  int64
		Recipient string
	}
	err := tx.WithContext(ctx).Raw(`SELECT mail_id, ticket_id, recipient FROM outbox
		WHERE mail_id IN ? AND way = 'email' AND purpose <> 'area' AND ticket_id IS NOT NULL`, slices.Collect(maps.Keys(byStored))).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find the mails of ours that a mail refers to: %w", err)
	}
	for _, row := range rows {
		for _, id := range byStored[row.MailID] {
			found[id] = signed{row.TicketID, row.Recipient}
		}
	}
	return found, nil
}

// find decides where a mail belongs. tx holds the locks of its ids.
func (t thread) find(ctx context.Context, tx *gorm.DB) (place, error) {
	found, err := lookUp(ctx, tx, t.names)
	if err != nil {
		return place{}, err
	}
	if p, ok := t.again(found); ok {
		return p, nil
	}
	byNumber, err := t.byNumber(ctx, tx)
	if err != nil {
		return place{}, err
	}
	standings, err := t.standings(ctx, tx, found, byNumber)
	if err != nil {
		return place{}, err
	}
	var p place
	var over *place // the best that is over for good
	var walled bool // it refers to what stands behind the wall
	consider := func(ticketID int64, by evidence, got bool) (joins bool) {
		s, exists := standings[ticketID]
		if !exists {
			return false
		}
		p.touches = p.touches || by != byProtocol
		walled = walled || s.Walled
		switch may, another := s.admits(by, got, t.forged); {
		case may && s.Over:
			if over == nil {
				over = &place{ticketID: ticketID, subject: s.Subject, by: by, another: another}
			}
		case may:
			p.ticketID, p.subject, p.by, p.another = ticketID, s.Subject, by, another
			return true
		case !s.Walled && by != byProtocol && len(p.suggest) < maxSuggestions &&
			!slices.ContainsFunc(p.suggest, func(o suggestion) bool { return o.ticketID == ticketID }):
			p.suggest = append(p.suggest, suggestion{ticketID, by})
		}
		return false
	}
	for _, id := range t.names.refs { // the likeliest first
		if of, ok := t.signed[id]; ok && consider(of.ticketID, bySignedID, of.recipient == t.sender && t.sender != "") {
			return p.joined(), nil
		}
		for _, k := range found[hashID(id)] {
			if consider(k.TicketID, byKnownMail, false) {
				return p.joined(), nil
			}
		}
		if over != nil {
			break // an older reference says less than that one
		}
	}
	// A reply of the same sender was read before this, which it answers.
	for _, id := range t.names.own {
		for _, k := range found[hashID(id)] {
			if k.MessageID == 0 && k.Sender == t.sender && t.sender != "" && consider(k.TicketID, byKnownMail, false) {
				return p.joined(), nil
			}
		}
	}
	if byNumber != 0 && over == nil && consider(byNumber, byProtocol, false) {
		return p.joined(), nil
	}
	if over != nil {
		over.touches = p.touches
		return *over, nil
	}
	if walled {
		p.suggest = nil // whoever else refers to the same would be told of
	}
	return p, nil
}

// joined forgets what would have been suggested.
func (p place) joined() place {
	p.suggest = nil
	return p
}

// again recognises a mail that came before by another way: through a list, or
// into a second mailbox, with other headers but the same id, sender and text.
// The same id alone means nothing: some programs use one for ever.
func (t thread) again(found map[hashOf][]known) (place, bool) {
	for _, id := range t.names.own {
		for _, k := range found[hashID(id)] {
			if k.MessageID != 0 && k.Sender == t.sender && bytes.Equal(k.TextHash, t.text) {
				return place{ticketID: k.TicketID, duplicate: true, messageID: k.MessageID, touches: true}, true
			}
		}
	}
	return place{}, false
}

// byNumber is the ticket whose protocol stands in the subject.
func (t thread) byNumber(ctx context.Context, tx *gorm.DB) (id int64, err error) {
	if t.protocol == "" {
		return 0, nil
	}
	err = tx.WithContext(ctx).Raw(`SELECT ticket_id FROM protocols WHERE protocol = ?`, t.protocol).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("look up the protocol of a mail: %w", err)
	}
	return id, nil
}
