// Package webform checks and normalises what customers send from the web: the
// public form, or a program that posts in its place. Everything wrong is named
// at once, field by field, so that a person corrects it once.
package webform

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Limits in characters, except where it says otherwise. They are part of the API.
const (
	MaxName       = 200
	MaxSubject    = 200
	MaxBody       = 20_000
	MaxFields     = 50 // how many
	MaxFieldName  = 100
	MaxFieldValue = 2_000
	MaxForm       = 60
	MaxKey        = 200 // bytes of an idempotency key
	MaxFiles      = 10  // how many
)

// Kinds are the kinds of demand that can be chosen, in the order people are offered them.
var Kinds = []string{"informacao", "duvida", "reclamacao", "contestacao", "suspensao",
	"cancelamento", "solicitacao", "elogio", "sugestao", "denuncia"}

// ErrInvalid names in its details every field that cannot be accepted.
var ErrInvalid = fault.New(fault.Invalid, "submission_invalid")

// Submission is what was sent, as it was typed. There is nothing in it by which
// a sender could choose a priority or a time; team, brand and reason are what the
// form says that was filled in.
type Submission struct {
	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Document string            `json:"document,omitempty"`
	Kind     string            `json:"kind,omitempty"`
	Subject  string            `json:"subject,omitempty"`
	Body     string            `json:"body"`
	Fields   map[string]string `json:"fields,omitempty"`
	Form     string            `json:"form,omitempty"`
	Files    []channel.File    `json:"files,omitempty"`

	Team   int64 `json:"team,omitempty"`   // 0 is the default team
	Brand  int64 `json:"brand,omitempty"`  // 0 is the default brand
	Reason int64 `json:"reason,omitempty"` // 0 is none

	// Key is the sender's Idempotency-Key; empty means that nothing makes a
	// repetition recognisable.
	Key string `json:"-"`
}

// Check turns a submission that opens a ticket into what the intake takes, or
// fails with ErrInvalid. ReceivedAt is left to the caller.
func Check(s Submission) (channel.Inbound, error) {
	var p problems
	raw := s
	p.utf8(&s)
	in := channel.Inbound{
		Channel: channel.Webform,
		Name:    p.short("name", Line(s.Name), MaxName, false),
		Kind:    s.Kind,
		Subject: p.short("subject", Line(s.Subject), MaxSubject, true),
		Body:    p.short("body", Text(s.Body), MaxBody, true),
		Form:    p.short("form", Line(s.Form), MaxForm, false),
		Fields:  p.fields(s.Fields),
		Files:   p.files(s.Files),
		TeamID:  s.Team,
		BrandID: s.Brand,

		ReasonID: s.Reason,
	}
	p.identities(s, &in)
	if s.Kind == "" {
		p.add("kind", "required")
	} else if !slices.Contains(Kinds, s.Kind) {
		p.add("kind", "unknown_kind")
	}
	return p.finish(in, raw, "webform")
}

// CheckMessage does the same for what a customer adds to the ticket that a token
// opened: a body and files, nothing else. Keys of different tickets are apart.
func CheckMessage(ticketID int64, s Submission) (channel.Inbound, error) {
	var p problems
	raw := Submission{Body: s.Body, Files: s.Files, Key: s.Key}
	p.utf8(&s)
	in := channel.Inbound{
		Channel: channel.Webform,
		Body:    p.short("body", Text(s.Body), MaxBody, true),
		Files:   p.files(s.Files),
	}
	return p.finish(in, raw, fmt.Sprintf("message:%d", ticketID))
}

// Restore makes the Inbound of a ledger row again from its raw bytes.
func Restore(raw []byte, sourceKey string) (channel.Inbound, error) {
	var s Submission
	if err := json.Unmarshal(raw, &s); err != nil {
		return channel.Inbound{}, ErrInvalid.Because(err)
	}
	in, err := Check(s)
	in.SourceKey, in.Raw = sourceKey, raw
	return in, err
}

// finish gives the key, the hash and the raw form of what had no problems.
func (p *problems) finish(in channel.Inbound, raw Submission, scope string) (channel.Inbound, error) {
	if !validKey(raw.Key) {
		p.add("Idempotency-Key", "bad_key")
	}
	if len(p.details) > 0 {
		e := *ErrInvalid
		e.Details = p.details
		return channel.Inbound{}, &e
	}
	in.SourceKey = scope + ":" + raw.Key
	if raw.Key == "" { // the slash keeps ours apart from any that can be sent
		in.SourceKey = scope + "/" + uuid.NewString()
	}
	in.BodyHash = hash(&in)
	var err error
	if in.Raw, err = json.Marshal(raw); err != nil {
		return channel.Inbound{}, fmt.Errorf("keep the submission as it came: %w", err)
	}
	return in, nil
}

// validKey accepts visible ASCII.
func validKey(k string) bool {
	if len(k) > MaxKey {
		return false
	}
	for i := range len(k) {
		if k[i] <= ' ' || k[i] > '~' {
			return false
		}
	}
	return true
}

// hash covers what was said, not how it was wrapped: a second try as multipart,
// or with other blanks in its JSON, is the same submission.
func hash(in *channel.Inbound) [32]byte {
	h := sha256.New()
	put := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	for _, s := range []string{in.Name, in.Email, string(in.Phone), in.Document.Value, in.Kind, in.Subject, in.Body, in.Form} {
		put(s)
	}
	for _, k := range slices.Sorted(maps.Keys(in.Fields)) {
		put(k)
		put(in.Fields[k])
	}
	put("")
	for _, f := range in.Files {
		put(f.Blob)
		put(f.Name)
	}
	return [32]byte(h.Sum(nil))
}

// problems gathers what is wrong.
type problems struct{ details []fault.Detail }

func (p *problems) add(field, code string) {
	p.details = append(p.details, fault.Detail{Field: field, Code: code})
}

func (p *problems) limit(field, code string, max int) {
	p.details = append(p.details, fault.Detail{Field: field, Code: code, Args: map[string]any{"max": max}})
}

// short bounds a text and may demand one.
func (p *problems) short(field, s string, max int, required bool) string {
	switch {
	case required && s == "" && !p.has(field):
		p.add(field, "required")
	case longer(s, max):
		p.limit(field, "too_long", max)
	}
	return s
}

func (p *problems) has(field string) bool {
	return slices.ContainsFunc(p.details, func(d fault.Detail) bool { return d.Field == field })
}

// utf8 names the fields that are no text and empties them, so that nothing else
// is said about them.
func (p *problems) utf8(s *Submission) {
	for _, f := range []struct {
		name  string
		value *string
	}{
		{"name", &s.Name}, {"email", &s.Email}, {"phone", &s.Phone}, {"document", &s.Document},
		{"kind", &s.Kind}, {"subject", &s.Subject}, {"body", &s.Body}, {"form", &s.Form},
	} {
		if !utf8.ValidString(*f.value) {
			p.add(f.name, "not_text")
			*f.value = ""
		}
	}
}

func (p *problems) identities(s Submission, in *channel.Inbound) {
	var err error
	if email := Line(s.Email); email != "" {
		var ok bool
		// The typed text, not the cleaned one: a line break in an address is no slip.
		if in.Email, ok = channel.ParseEmail(s.Email); !ok {
			p.add("email", "email")
		}
	}
	if phone := Line(s.Phone); phone != "" {
		if in.Phone, err = brazil.ParsePhone(phone); err != nil {
			p.add("phone", "phone")
		}
	}
	if document := Line(s.Document); document != "" {
		if in.Document.Kind, in.Document.Value, err = brazil.ParseDocument(document); err != nil {
			p.add("document", "document")
		}
	}
}

// fields cleans the answers to a form's own questions. Too many are refused
// before any is looked at.
func (p *problems) fields(all map[string]string) map[string]string {
	if len(all) > MaxFields {
		p.limit("fields", "too_many", MaxFields)
		return nil
	}
	clean := make(map[string]string, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v, name := all[k], Line(k)
		_, twice := clean[name]
		switch {
		case twice, !utf8.ValidString(k), name == "", longer(name, MaxFieldName):
			p.limit("fields", "bad_field_name", MaxFieldName)
		case !utf8.ValidString(v):
			p.add("fields."+name, "not_text")
		default:
			clean[name] = p.short("fields."+name, Text(v), MaxFieldValue, false)
		}
	}
	return clean
}

func (p *problems) files(all []channel.File) []channel.File {
	if len(all) > MaxFiles {
		p.limit("files", "too_many", MaxFiles)
		return nil
	}
	return all
}
