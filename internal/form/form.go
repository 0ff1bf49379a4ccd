// Package form holds the forms that the staff defines for the web: what they
// ask, how an answer is checked, and what of it becomes the ticket.
//
// A form is versioned. Whoever fills it in answers the version they saw, and is
// checked by that one, even when the form has been changed meanwhile. Checking
// is pure: the page and the API call the same functions, and every answer that
// cannot be taken is named at once.
package form

import (
	"github.com/escuta-sac/escuta/internal/fault"
)

// Limits, in characters where it does not say otherwise. They are part of the API.
const (
	MaxName    = 100
	MaxIntro   = 1_000
	MaxSlug    = 40
	MaxFields  = 40 // how many; all their answers fit the fields of a ticket
	MaxKey     = 40
	MaxLabel   = 100
	MaxHelp    = 1_000
	MaxOptions = 60 // how many
	MaxOption  = 120
	MaxSites   = 20 // how many
	MaxPurpose = 200
)

// The faults of forms.
var (
	// ErrInvalid names in its details what of a definition cannot be.
	ErrInvalid  = fault.New(fault.Invalid, "form_invalid")
	ErrNotFound = fault.New(fault.NotFound, "form_not_found")
	ErrSlug     = fault.New(fault.Conflict, "form_exists")
	ErrVersion  = fault.New(fault.Conflict, "form_version_conflict") // args: version, the current one
	// ErrAnswers names in its details every answer that cannot be taken.
	ErrAnswers = fault.New(fault.Invalid, "submission_invalid")
)

// Type says what a field takes, and how its answer is checked.
type Type string

// The types of a field.
const (
	Text       Type = "text"
	LongText   Type = "long_text"
	Email      Type = "email"
	Phone      Type = "phone"
	CPF        Type = "cpf"
	CNPJ       Type = "cnpj"
	Document   Type = "cpf_or_cnpj"
	Invoice    Type = "nfe" // access key of an electronic invoice, 44 characters
	Date       Type = "date"
	Number     Type = "number"
	Money      Type = "money" // in reais
	Select     Type = "select"
	Radio      Type = "radio"
	Checkboxes Type = "checkboxes" // any number of the options
	Reason     Type = "reason"     // a leaf of the tree of reasons
	Files      Type = "file"       // attachments; one such field a form, its key is FilesKey
	Consent    Type = "consent"    // a box to tick; Help is the text agreed to
)

// Types are all of them, in the order in which the builder offers them.
var Types = []Type{Text, LongText, Email, Phone, CPF, CNPJ, Document, Invoice, Date, Number, Money,
	Select, Radio, Checkboxes, Reason, Files, Consent}

// Meaning says which part of the ticket an answer becomes; an answer without
// one is kept under its label among the ticket's fields.
type Meaning string

// The meanings.
const (
	Nothing       Meaning = ""
	MeansName     Meaning = "name"
	MeansEmail    Meaning = "email"
	MeansPhone    Meaning = "phone"
	MeansDocument Meaning = "document"
	MeansSubject  Meaning = "subject"
	MeansBody     Meaning = "body"
)

// meant are the types that may carry a meaning.
var meant = map[Meaning][]Type{
	MeansName: {Text}, MeansEmail: {Email}, MeansPhone: {Phone}, MeansDocument: {CPF, CNPJ, Document},
	MeansSubject: {Text, Select, Radio}, MeansBody: {LongText},
}

// FilesKey is the key of a form's field for files.
const FilesKey = "files"

// Definition is one version of a form: what it asks, and where it leads.
type Definition struct {
	Name    string   `json:"name"`
	Intro   string   `json:"intro,omitempty"`
	BrandID int64    `json:"brand_id,omitempty"` // 0 is the default brand
	TeamID  int64    `json:"team_id,omitempty"`  // 0 is the default team
	Kinds   []string `json:"kinds"`              // one is given, several are asked
	Fields  []Field  `json:"fields"`             // in the order in which they are asked
	Sites   []string `json:"sites,omitempty"`    // origins whose pages may show the form in a frame
}

// Field is one question.
type Field struct {
	Key      string     `json:"key"` // its name in what is sent; never changes its meaning between versions
	Type     Type       `json:"type"`
	Label    string     `json:"label"`
	Help     string     `json:"help,omitempty"`
	Required bool       `json:"required,omitempty"`
	Options  []string   `json:"options,omitempty"`
	Show     *Condition `json:"show,omitempty"` // nil is always
	Means    Meaning    `json:"means,omitempty"`

	// Why a personal answer is asked for, and by which base of the LGPD (Lei
	// 13.709/2018, art. 7). Shown to whoever fills the form in.
	Purpose    string `json:"purpose,omitempty"`
	LegalBasis string `json:"legal_basis,omitempty"`
}

// Operator compares the answer that a condition asks for.
type Operator string

// The operators. Case and accents make no difference.
const (
	Equals    Operator = "equals" // of checkboxes: one of those ticked
	Differs   Operator = "differs"
	Contains  Operator = "contains"
	IsFilled  Operator = "filled"
	IsMissing Operator = "missing"
)

// Condition shows a field only when the answer to an earlier one is like this.
// The answer to a question that is itself not shown is none.
type Condition struct {
	Field string   `json:"field"`
	Is    Operator `json:"is"`
	Value string   `json:"value,omitempty"`
}

// Bases are the bases of LGPD art. 7 that a form can name.
var Bases = []string{"consent", "legal_obligation", "contract", "rights", "legitimate_interest", "credit"}

// chosen reports whether the type offers options of its own.
func (t Type) chosen() bool { return t == Select || t == Radio || t == Checkboxes }

// field finds a question by its key.
func (d Definition) field(key string) (Field, bool) {
	for _, f := range d.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}
