package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/mailbox"
)

// mailboxes is what these handlers need from package mailbox, and no more.
type mailboxes interface {
	List(ctx context.Context) ([]mailbox.Mailbox, error)
	Fetching(ctx context.Context) (map[int64]mailbox.Fetching, error)
	Create(ctx context.Context, c mailbox.Change) (mailbox.Mailbox, error)
	Update(ctx context.Context, id int64, c mailbox.Change) (mailbox.Mailbox, error)
	Test(ctx context.Context, id int64, c mailbox.Change) (mailbox.Tested, error)
}

type mailboxRoutes struct{ mailboxes mailboxes }

// MailServer is a server of a mailbox; without a host there is none.
type MailServer struct {
	Host     string `json:"host" maxLength:"253"`
	Port     int    `json:"port" minimum:"1" maximum:"65535"`
	Security string `json:"security" enum:"tls,starttls,none"`
	User     string `json:"user" maxLength:"320" doc:"Empty is the mailbox's address"`
}

func (s *MailServer) server() *mailbox.Server {
	if s == nil {
		return nil
	}
	return &mailbox.Server{Host: s.Host, Port: s.Port, Security: mailbox.Security(s.Security), User: s.User}
}

func mailServer(s mailbox.Server) MailServer {
	return MailServer{s.Host, s.Port, string(s.Security), s.User}
}

// Mailbox is an address of ours. Its secrets are never told again.
type Mailbox struct {
	ID              int64           `json:"id"`
	BrandID         int64           `json:"brand_id"`
	TeamID          *int64          `json:"team_id" doc:"null is the default team"`
	Address         string          `json:"address"`
	Aliases         []string        `json:"aliases"`
	DisplayName     string          `json:"display_name"`
	Signature       string          `json:"signature"`
	Acknowledges    bool            `json:"acknowledges"`
	UndoSeconds     int             `json:"undo_seconds"`
	Default         bool            `json:"default"`
	Active          bool            `json:"active"`
	IMAP            MailServer      `json:"imap"`
	Folder          string          `json:"folder"`
	Since           *string         `json:"since" format:"date" doc:"First day whose mail is fetched; null is everything"`
	SMTP            MailServer      `json:"smtp"`
	Auth            string          `json:"auth" enum:"password,xoauth2"`
	HasSecret       bool            `json:"has_secret"`
	TokenURL        string          `json:"token_url"`
	ClientID        string          `json:"client_id"`
	HasClientSecret bool            `json:"has_client_secret"`
	DKIMDomain      string          `json:"dkim_domain"`
	DKIMSelector    string          `json:"dkim_selector"`
	DKIMName        string          `json:"dkim_name" doc:"Name of the TXT record to publish; empty without a key"`
	DKIMRecord      string          `json:"dkim_record" doc:"Its value"`
	Fetching        MailboxFetching `json:"fetching"`
}

// MailboxFetching is how the fetching of a mailbox fares.
type MailboxFetching struct {
	LastMailAt *time.Time `json:"last_mail_at"`
	LastOKAt   *time.Time `json:"last_ok_at" doc:"When all that was there had been taken"`
	FailedAt   *time.Time `json:"failed_at"`
	Failure    string     `json:"failure" doc:"Code of what is wrong now, empty when nothing is"`
}

const dayLayout = "2006-01-02"

func mailboxBody(m mailbox.Mailbox, f mailbox.Fetching) Mailbox {
	b := Mailbox{
		ID: m.ID, BrandID: m.BrandID, Address: m.Address, Aliases: append([]string{}, m.Aliases...),
		DisplayName: m.DisplayName, Signature: m.Signature, Acknowledges: m.Acknowledges, UndoSeconds: m.UndoSeconds,
		Default: m.Default, Active: m.Active, IMAP: mailServer(m.IMAP), Folder: m.Folder, SMTP: mailServer(m.SMTP),
		Auth: string(m.Auth), HasSecret: m.HasSecret, TokenURL: m.TokenURL, ClientID: m.ClientID, HasClientSecret: m.HasClientSecret,
		DKIMDomain: m.DKIMDomain, DKIMSelector: m.DKIMSelector, DKIMRecord: m.DKIMRecord,
		Fetching: MailboxFetching{f.LastMail, f.LastOK, f.FailedAt, f.Failure},
	}
	if m.TeamID != 0 {
		b.TeamID = &m.TeamID
	}
	if m.Since != nil {
		day := m.Since.Format(dayLayout)
		b.Since = &day
	}
	if m.DKIMRecord != "" {
		b.DKIMName = m.DKIMSelector + "._domainkey." + m.DKIMDomain
	}
	return b
}

// list handles GET /api/mailboxes.
func (h mailboxRoutes) list(ctx context.Context, _ access.Actor, _ *none) (Items[Mailbox], error) {
	all, err := h.mailboxes.List(ctx)
	if err != nil {
		return Items[Mailbox]{}, err
	}
	fetching, err := h.mailboxes.Fetching(ctx)
	return itemsOf(all, func(m mailbox.Mailbox) Mailbox { return mailboxBody(m, fetching[m.ID]) }), err
}

// MailboxFields are what can be said about a mailbox; what is left out stays as it is.
type MailboxFields struct {
	BrandID      *int64      `json:"brand_id,omitempty" minimum:"1"`
	TeamID       *int64      `json:"team_id,omitempty" minimum:"0" doc:"0 is the default team"`
	Address      *string     `json:"address,omitempty" maxLength:"254"`
	Aliases      *[]string   `json:"aliases,omitempty" maxItems:"50"`
	DisplayName  *string     `json:"display_name,omitempty" maxLength:"200"`
	Signature    *string     `json:"signature,omitempty" maxLength:"5000"`
	Acknowledges *bool       `json:"acknowledges,omitempty" doc:"A new ticket is answered with its protocol"`
	UndoSeconds  *int        `json:"undo_seconds,omitempty" minimum:"0" maximum:"120"`
	Default      *bool       `json:"default,omitempty" doc:"The other one ceases to be it"`
	Active       *bool       `json:"active,omitempty"`
	IMAP         *MailServer `json:"imap,omitempty"`
	Folder       *string     `json:"folder,omitempty" minLength:"1" maxLength:"200"`
	Since        *string     `json:"since,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$" doc:"First day whose mail is fetched; empty is everything"`
	SMTP         *MailServer `json:"smtp,omitempty"`
	Auth         *string     `json:"auth,omitempty" enum:"password,xoauth2"`
	Secret       *string     `json:"secret,omitempty" maxLength:"8000" doc:"Password or refresh token; empty forgets it"`
	TokenURL     *string     `json:"token_url,omitempty" maxLength:"2000"`
	ClientID     *string     `json:"client_id,omitempty" maxLength:"200"`
	ClientSecret *string     `json:"client_secret,omitempty" maxLength:"8000"`
	DKIMDomain   *string     `json:"dkim_domain,omitempty" maxLength:"253"`
	DKIMSelector *string     `json:"dkim_selector,omitempty" maxLength:"63"`
	DKIMNewKey   bool        `json:"dkim_new_key,omitempty" doc:"Makes a new key; mails are signed with it from now on"`
}

func (b MailboxFields) change() (mailbox.Change, error) {
	c := mailbox.Change{
		BrandID: b.BrandID, TeamID: b.TeamID, Address: b.Address, Aliases: b.Aliases,
		DisplayName: b.DisplayName, Signature: b.Signature, Acknowledges: b.Acknowledges, UndoSeconds: b.UndoSeconds,
		Default: b.Default, Active: b.Active, IMAP: b.IMAP.server(), Folder: b.Folder, SMTP: b.SMTP.server(),
		Auth: (*mailbox.Auth)(b.Auth), Secret: b.Secret, TokenURL: b.TokenURL, ClientID: b.ClientID, ClientSecret: b.ClientSecret,
		DKIMDomain: b.DKIMDomain, DKIMSelector: b.DKIMSelector, DKIMNewKey: b.DKIMNewKey,
	}
	if b.Since != nil {
		var since *time.Time
		if *b.Since != "" {
			day, err := time.Parse(dayLayout, *b.Since)
			if err != nil {
				return c, mailbox.ErrInvalid.Field("body.since", "mailbox_since")
			}
			since = &day
		}
		c.Since = &since
	}
	return c, nil
}

type newMailbox struct {
	Body MailboxFields
}

// create handles POST /api/mailboxes.
func (h mailboxRoutes) create(ctx context.Context, _ access.Actor, in *newMailbox) (Mailbox, error) {
	c, err := in.Body.change()
	if err != nil {
		return Mailbox{}, err
	}
	m, err := h.mailboxes.Create(ctx, c)
	return mailboxBody(m, mailbox.Fetching{}), err
}

type patchMailbox struct {
	ByID
	Body MailboxFields
}

// change handles PATCH /api/mailboxes/{id}.
func (h mailboxRoutes) change(ctx context.Context, _ access.Actor, in *patchMailbox) (Mailbox, error) {
	id, err := pathID(in.ID, mailbox.ErrNotFound)
	if err != nil {
		return Mailbox{}, err
	}
	c, err := in.Body.change()
	if err != nil {
		return Mailbox{}, err
	}
	m, err := h.mailboxes.Update(ctx, id, c)
	if err != nil {
		return Mailbox{}, err
	}
	fetching, err := h.mailboxes.Fetching(ctx)
	return mailboxBody(m, fetching[m.ID]), err
}

type testMailbox struct {
	Body struct {
		ID      int64         `json:"id,omitempty" minimum:"0" doc:"The mailbox that would be changed; 0 is a new one"`
		Mailbox MailboxFields `json:"mailbox"`
	}
}

// MailboxTest is what came of logging in to a mailbox's servers.
type MailboxTest struct {
	IMAP string `json:"imap" enum:"works,failed,absent"`
	SMTP string `json:"smtp" enum:"works,failed,absent"`
}

// test handles POST /api/mailboxes/test.
func (h mailboxRoutes) test(ctx context.Context, _ access.Actor, in *testMailbox) (MailboxTest, error) {
	c, err := in.Body.Mailbox.change()
	if err != nil {
		return MailboxTest{}, err
	}
	t, err := h.mailboxes.Test(ctx, in.Body.ID, c)
	return MailboxTest{string(t.IMAP), string(t.SMTP)}, err
}
