package outbox

import (
	"encoding/json"
	"fmt"
	"time"
)

// Mail is a mail as it was ordered: all that is needed to write it, byte for
// byte the same at every try but for the boundaries. It is stored as the
// envelope of its row.
type Mail struct {
	MessageID  string    `json:"message_id"` // without brackets
	At         time.Time `json:"at"`
	From       string    `json:"from"` // our address: never an agent's
	FromName   string    `json:"from_name"`
	To         string    `json:"to"`
	ToName     string    `json:"to_name"`
	Subject    string    `json:"subject"`
	InReplyTo  string    `json:"in_reply_to,omitempty"`
	References []string  `json:"references,omitempty"`
	ReturnPath string    `json:"return_path,omitempty"` // where bounces go; empty is the null path
	Automatic  bool      `json:"automatic,omitempty"`   // nobody wrote it: no machine is to answer

	Lang      string `json:"lang"`
	Protocol  string `json:"protocol"` // what the mail shows large, when it acknowledges
	Text      string `json:"text"`     // what is said, paragraphs parted by blank lines
	AnswerBy  string `json:"answer_by,omitempty"`
	Author    string `json:"author,omitempty"` // who signs it, by the name customers know
	Signature string `json:"signature,omitempty"`
	Link      string `json:"link,omitempty"` // the customer's page, or what LinkText calls
	LinkText  string `json:"link_text,omitempty"`
	Foot      string `json:"foot,omitempty"` // the last line, when it is not about a protocol
	Brand     Brand  `json:"brand"`
	Files     []File `json:"files,omitempty"`
	Left      int    `json:"left,omitempty"` // how many files are only on the page
}

// Brand is how a mail looks.
type Brand struct {
	Name  string `json:"name"`
	Color string `json:"color"` // #rrggbb
}

// File is an attachment, whose bytes are in the blob store.
type File struct {
	Blob string `json:"blob"`
	Name string `json:"name"`
	Mime string `json:"mime"`
	Size int64  `json:"size"` // bytes
}

// MailOf reads the mail that a row has frozen.
func MailOf(o Out) (Mail, error) {
	var m Mail
	if err := json.Unmarshal(o.Envelope, &m); err != nil {
		return Mail{}, fmt.Errorf("read the frozen mail %d: %w", o.ID, err)
	}
	return m, nil
}

// envelope is the stored form of a mail. Strings, numbers and a time of this
// century: it cannot fail.
func (m Mail) envelope() json.RawMessage {
	text, err := json.Marshal(m)
	if err != nil {
		panic("outbox: " + err.Error())
	}
	return text
}
