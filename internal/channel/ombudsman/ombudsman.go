// Package ombudsman checks and normalises demands to the ombudsman's office,
// whichever way they come: the public page, somebody of the office who writes
// down a call or a letter, an import.
//
// What it makes stands behind the wall, and nothing of who sent it leaves: of an
// anonymous demand no identity is kept at all, not even in the raw bytes.
package ombudsman

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Limits in characters.
const (
	MaxProtocol = 60 // of the SAC protocol, which may be any text
	MaxSource   = 60
	MaxExternal = 120
)

// Confidentiality is who learns who sent a demand.
type Confidentiality string

// The confidentialities. A protected identity is known in the office alone, an
// anonymous one to nobody: it is not stored.
const (
	Open      Confidentiality = "open"
	Protected Confidentiality = "protected"
	Anonymous Confidentiality = "anonymous"
)

// Confidentialities are all of them.
var Confidentialities = []Confidentiality{Open, Protected, Anonymous}

// Way is how a demand came to the office.
type Way string

// The ways.
const (
	Site   Way = "site"
	Staff  Way = "staff"
	Phone  Way = "phone"
	Letter Way = "letter"
	Mail   Way = "mail"
	Import Way = "import"
)

// Ways are all of them.
var Ways = []Way{Site, Staff, Phone, Letter, Mail, Import}

// Names of the ticket's fields in which the way in tells what it knows. The
// database makes the case of them (migration 00012).
const (
	fieldWay             = "case.way"
	fieldSource          = "case.source"
	fieldExternal        = "case.external_id"
	fieldConfidentiality = "case.confidentiality"
	fieldProtocol        = "case.sac_protocol"
	fieldBarred          = "case.barred"
	fieldView            = "case.consumer_view"
)

// Submission is a demand as it was typed.
type Submission struct {
	Name        string          `json:"name,omitempty"`
	Email       string          `json:"email,omitempty"`
	Phone       string          `json:"phone,omitempty"`
	Document    string          `json:"document,omitempty"`
	SACProtocol string          `json:"sac_protocol,omitempty"` // asked for, never a barrier
	Kind        string          `json:"kind,omitempty"`         // reclamacao when empty
	Subject     string          `json:"subject,omitempty"`      // the first words of Body when empty
	Body        string          `json:"body"`
	Secrecy     Confidentiality `json:"confidentiality,omitempty"`
	Way         Way             `json:"way,omitempty"`
	Source      string          `json:"source,omitempty"`
	ExternalID  string          `json:"external_id,omitempty"`
	Files       []channel.File  `json:"files,omitempty"`
	View        string          `json:"consumer_view,omitempty"` // how the consumer sees the result, when a source says so
	// Barred are whom it accuses: they never see it. Only the office names them.
	Barred access.Barred     `json:"barred,omitempty"`
	Fields map[string]string `json:"fields,omitempty"` // what an import knows beside

	Key string `json:"-"` // idempotency key; empty means that nothing makes a repetition recognisable
}

// Check turns a submission into what the intake takes, or fails with
// webform.ErrInvalid, which names every field that is wrong.
func Check(s Submission) (channel.Inbound, error) {
	def(&s.Secrecy, Open)
	def(&s.Way, Site)
	def(&s.Kind, "reclamacao")
	if s.Secrecy == Anonymous {
		s.Name, s.Email, s.Phone, s.Document = "", "", "", ""
	}
	if strings.TrimSpace(s.Subject) == "" {
		s.Subject = FirstWords(s.Body)
	}
	in, err := webform.Check(webform.Submission{
		Name: s.Name, Email: s.Email, Phone: s.Phone, Document: s.Document, Kind: s.Kind,
		Subject: s.Subject, Body: s.Body, Files: s.Files, Key: s.Key, Fields: s.Fields,
	})
	bad := fault.From(err)
	if err == nil {
		bad = webform.ErrInvalid
	} else if bad.Code != webform.ErrInvalid.Code {
		return channel.Inbound{}, err
	}
	for _, f := range []struct {
		name, value string
		max         int
	}{{"sac_protocol", s.SACProtocol, MaxProtocol}, {"source", s.Source, MaxSource}, {"external_id", s.ExternalID, MaxExternal}} {
		switch {
		case !utf8.ValidString(f.value) || strings.ContainsRune(f.value, 0):
			bad = bad.Field(f.name, "not_text")
		case utf8.RuneCountInString(f.value) > f.max:
			bad = bad.Field(f.name, "too_long")
			bad.Details[len(bad.Details)-1].Args = map[string]any{"max": f.max}
		}
	}
	if !slices.Contains(Confidentialities, s.Secrecy) {
		bad = bad.Field("confidentiality", "unknown_choice")
	}
	if !slices.Contains(Ways, s.Way) {
		bad = bad.Field("way", "unknown_choice")
	}
	if len(bad.Details) > 0 {
		return channel.Inbound{}, bad
	}
	return inbound(in, s)
}

// inbound makes what the web form's rules let through into a case.
func inbound(in channel.Inbound, s Submission) (channel.Inbound, error) {
	in.Channel = channel.Ombudsman
	in.SourceKey = "ombudsman" + strings.TrimPrefix(in.SourceKey, "webform")
	if in.Fields == nil {
		in.Fields = map[string]string{}
	}
	for name, value := range map[string]string{
		fieldWay: string(s.Way), fieldSource: s.Source, fieldExternal: s.ExternalID,
		fieldConfidentiality: string(s.Secrecy), fieldProtocol: strings.TrimSpace(s.SACProtocol), fieldBarred: string(s.Barred), fieldView: s.View,
	} {
		if value != "" {
			in.Fields[name] = value
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return channel.Inbound{}, fmt.Errorf("keep a demand as it came: %w", err)
	}
	in.Raw = raw
	// What was typed is covered with what it was typed for; of the way in, blanks
	// and order of fields are gone already.
	in.BodyHash = sha256.Sum256(raw)
	return in, nil
}

// Restore makes the Inbound of a ledger row again from its raw bytes.
func Restore(raw []byte, sourceKey string) (channel.Inbound, error) {
	var s Submission
	if err := json.Unmarshal(raw, &s); err != nil {
		return channel.Inbound{}, webform.ErrInvalid.Because(err)
	}
	in, err := Check(s)
	if err == nil {
		in.SourceKey, in.Raw, in.BodyHash = sourceKey, raw, sha256.Sum256(raw)
	}
	return in, err
}

func def[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// FirstWords is a subject for who gave none: how the body begins, 80 characters at
// most.
func FirstWords(body string) string {
	words := strings.Fields(strings.ToValidUTF8(body, ""))
	subject := ""
	for _, w := range words {
		if utf8.RuneCountInString(subject)+utf8.RuneCountInString(w) > 80 {
			break
		}
		subject = strings.TrimSpace(subject + " " + w)
	}
	if subject == "" && len(words) > 0 {
		return string([]rune(words[0])[:80])
	}
	return subject
}
