package email

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// LoopHeader goes into every mail we send, with Signer.LoopMark as its value. A
// mail that arrives with our own mark is ours, come back (attacks.md 23).
const LoopHeader = "X-Escuta-Loop"

// Signer makes the ids by which answers and bounces are told apart from guesses,
// and checks them. An id carries the numbers of what it is about, eight random
// bytes, and 96 bits of HMAC-SHA256 under the installation's secret; purpose is
// part of what is signed, so an id of one sort never passes for another.
//
// A valid id proves that this installation made it, not that the numbers still
// mean the same: after a restore the next ticket may get a number that an id out
// there carries already. So whoever threads by an id looks the whole id up among
// those it stored (the random bytes make it unique), and takes the numbers for a
// hint only.
//
// All ids are letters, digits and dots, and letters in either case verify, as
// some servers change the case of local parts. The zero Signer verifies nothing.
type Signer struct{ keys map[string][]byte }

// Purposes of ids, and what they begin with.
const (
	purposeMessage = "em" // Message-ID of a mail of ours
	purposeReply   = "er" // reply token, in the address that is answered to
	purposeReturn  = "eb" // return path, where bounces go
)

// NewSigner derives its keys from the installation's secret.
func NewSigner(secret []byte) Signer {
	s := Signer{keys: map[string][]byte{}}
	for _, purpose := range []string{purposeMessage, purposeReply, purposeReturn, "loop"} {
		// Fails only for keys longer than SHA-256 can make.
		s.keys[purpose], _ = hkdf.Key(sha256.New, secret, nil, "escuta mail "+purpose, sha256.Size)
	}
	return s
}

// MessageID makes a new Message-ID, without angle brackets, for the mail that
// carries a message of a ticket. Two calls never give the same one, so it is
// drawn once and frozen with the mail. messageID may be 0.
func (s Signer) MessageID(ticketID, messageID int64, domain string) string {
	return s.seal(purposeMessage, ticketID, messageID) + "@" + domain
}

// Verify reports whether a Message-ID, without angle brackets, is one of ours,
// and of what; the domain is not part of it. See Signer about trusting the numbers.
func (s Signer) Verify(id string) (ticketID, messageID int64, ok bool) {
	return s.open(purposeMessage, id)
}

// ReplyToken makes the part that marks an address to answer to, as in
// sac+<token>@empresa.example. With numbers up to 2^28 it has at most 48
// characters, which leaves 15 for the name of the mailbox and 64 in all.
func (s Signer) ReplyToken(ticketID, messageID int64) string {
	return s.seal(purposeReply, ticketID, messageID)
}

// VerifyReply finds the reply token of an address, as ReplyToken made it.
func (s Signer) VerifyReply(address string) (ticketID, messageID int64, ok bool) {
	local, _, _ := strings.Cut(address, "@")
	_, token, found := strings.Cut(local, "+")
	if !found {
		return 0, 0, false
	}
	return s.open(purposeReply, token)
}

// ReturnPath makes the envelope sender (VERP) of one outgoing mail, at most 64
// characters before the @.
func (s Signer) ReturnPath(outID int64, domain string) string {
	return s.seal(purposeReturn, outID, 0) + "@" + domain
}

// VerifyReturnPath reports which outgoing mail a return path belongs to.
func (s Signer) VerifyReturnPath(address string) (outID int64, ok bool) {
	outID, _, ok = s.open(purposeReturn, address)
	return outID, ok
}

// LoopMark is the same for every mail of this installation, and nobody else's.
func (s Signer) LoopMark() string {
	if s.keys == nil {
		return ""
	}
	return encoding32.EncodeToString(s.mac("loop", nil)[:macSize])
}

const (
	randomSize = 8
	macSize    = 12
	maxToken   = 64
)

var encoding32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (s Signer) mac(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, s.keys[purpose])
	h.Write(data)
	return h.Sum(nil)
}

func (s Signer) seal(purpose string, a, b int64) string {
	data := binary.AppendUvarint(nil, uint64(a))
	data = binary.AppendUvarint(data, uint64(b))
	var random [randomSize]byte
	rand.Read(random[:])
	data = append(data, random[:]...)
	return purpose + "." + encoding32.EncodeToString(append(data, s.mac(purpose, data)[:macSize]...))
}

// open reads a token, or the one before an @.
func (s Signer) open(purpose, id string) (a, b int64, ok bool) {
	data, looks := token(purpose, id)
	if !looks || s.keys == nil {
		return 0, 0, false
	}
	data, mac := data[:len(data)-macSize], data[len(data)-macSize:]
	if !hmac.Equal(mac, s.mac(purpose, data)[:macSize]) {
		return 0, 0, false
	}
	ua, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, 0, false
	}
	ub, k := binary.Uvarint(data[n:])
	if k <= 0 || len(data) != n+k+randomSize {
		return 0, 0, false
	}
	return int64(ua), int64(ub), true
}

// token decodes what has the form of one of our ids; looks says whether it has.
func token(purpose, id string) (data []byte, looks bool) {
	local, _, _ := strings.Cut(id, "@")
	text, found := strings.CutPrefix(strings.ToLower(local), purpose+".")
	if !found || len(text) > maxToken {
		return nil, false
	}
	data, err := encoding32.DecodeString(text)
	return data, err == nil && len(data) >= macSize+randomSize+2
}

// LooksOurs reports whether an id has the form of those a Signer makes, of
// whichever installation. One that looks so and does not verify is a forgery,
// or belongs to another desk of this make.
func LooksOurs(id string) bool {
	for _, purpose := range []string{purposeMessage, purposeReply, purposeReturn} {
		if _, looks := token(purpose, id); looks {
			return true
		}
	}
	return false
}

// forged lists what the mail names that has the form of ours and is not: ids it
// claims to answer, its own, and addresses it was sent to.
func forged(m *Mail, o Options) []string {
	var out []string
	ids := append([]string{m.MessageID}, m.ExtraMessageIDs...)
	ids = append(append(ids, m.InReplyTo...), m.References...)
	for _, id := range ids {
		if _, looks := token(purposeMessage, id); looks {
			if _, _, ok := o.Signer.Verify(id); !ok {
				out = append(out, id)
			}
		}
	}
	addresses := append(append([]string{}, o.Recipients...), m.DeliveredTo...)
	for _, list := range [][]Address{m.To, m.Cc} {
		for _, a := range list {
			addresses = append(addresses, a.Address)
		}
	}
	for _, a := range addresses {
		local, _, _ := strings.Cut(a, "@")
		_, text, _ := strings.Cut(local, "+")
		if _, looks := token(purposeReply, text); looks {
			if _, _, ok := o.Signer.VerifyReply(a); !ok {
				out = append(out, a)
			}
		}
	}
	return out
}
