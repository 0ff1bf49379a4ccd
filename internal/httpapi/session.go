package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
)

// sessions is what these handlers need from package account, and no more.
type sessions interface {
	Authenticate(ctx context.Context, email, password, ip string) (account.Account, error)
	Open(ctx context.Context, a account.Account, from account.Client, previous string) (string, account.Session, error)
	LogOut(ctx context.Context, token string) error
	Get(ctx context.Context, id int64) (account.Account, error)
	Update(ctx context.Context, id int64, c account.Change) (account.Account, error)
	ChangePassword(ctx context.Context, id int64, current, password string, from account.Client) (string, account.Session, error)
	Sessions(ctx context.Context, accountID int64) ([]account.Session, error)
	EndSession(ctx context.Context, accountID, sessionID int64) error
	Teams(ctx context.Context) ([]account.Team, error)
}

type sessionRoutes struct {
	*Server
	accounts sessions
}

type loginInput struct {
	Previous  string `cookie:"escuta_session" doc:"The session that this log-in replaces"`
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Email    string `json:"email" minLength:"1" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1000"`
	}
}

// LoggedIn answers a log-in.
type LoggedIn struct {
	Me Me `json:"me"`
}

type loginOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      LoggedIn
}

// login handles POST /api/login. The session is always a new one: an id that
// was planted before the log-in is worth nothing after it.
func (h sessionRoutes) login(ctx context.Context, _ access.Actor, in *loginInput) (*loginOutput, error) {
	from := account.Client{IP: requestOf(ctx).address.String(), UserAgent: in.UserAgent}
	a, err := h.accounts.Authenticate(ctx, in.Body.Email, in.Body.Password, from.IP)
	if err != nil {
		return nil, err
	}
	token, _, err := h.accounts.Open(ctx, a, from, in.Previous)
	if err != nil {
		return nil, err
	}
	return h.loggedIn(ctx, a, token)
}

func (h sessionRoutes) loggedIn(ctx context.Context, a account.Account, token string) (*loginOutput, error) {
	csrf := account.CSRFToken(token)
	me, err := h.describe(ctx, a, csrf)
	return &loginOutput{h.cookies(token, csrf, account.SessionLife), LoggedIn{me}}, err
}

type logoutInput struct {
	Session string `cookie:"escuta_session"`
}

type logoutOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

// logout handles POST /api/logout.
func (h sessionRoutes) logout(ctx context.Context, _ access.Actor, in *logoutInput) (*logoutOutput, error) {
	return &logoutOutput{h.noCookies()}, h.accounts.LogOut(ctx, in.Session)
}

// Me is the account behind the call, and what it may do.
type Me struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Role      string   `json:"role" enum:"agent,supervisor,ombudsman,admin"`
	Locale    string   `json:"locale" enum:"pt-BR,en,es"`
	Teams     []Team   `json:"teams"`
	Extension string   `json:"extension" doc:"Of the telephone on their desk; empty without one"`
	CSRFToken string   `json:"csrf_token" doc:"Goes back as X-CSRF-Token with every unsafe call; empty for an API token"`
	TimeZone  string   `json:"time_zone" example:"America/Sao_Paulo"`
	Can       []string `json:"can"`
}

func (h sessionRoutes) describe(ctx context.Context, a account.Account, csrf string) (Me, error) {
	me := Me{ID: a.ID, Name: a.Name, Email: a.Email, Role: string(a.Role), Locale: a.Locale, Extension: a.Extension,
		CSRFToken: csrf, TimeZone: h.options.TimeZone.String()}
	teams, err := h.accounts.Teams(ctx)
	if err != nil {
		return Me{}, err
	}
	for _, t := range teams {
		for _, id := range a.TeamIDs {
			if t.ID == id {
				me.Teams = append(me.Teams, teamBody(t))
			}
		}
	}
	for _, action := range a.Actor().Actions() {
		me.Can = append(me.Can, string(action))
	}
	return me, nil
}

// me handles GET /api/me.
func (h sessionRoutes) me(ctx context.Context, who access.Actor, _ *none) (Me, error) {
	a, err := h.accounts.Get(ctx, who.AccountID)
	if err != nil {
		return Me{}, err
	}
	return h.describe(ctx, a, requestOf(ctx).caller.csrf)
}

type patchMe struct {
	Body struct {
		Name   *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Locale *string `json:"locale,omitempty" enum:"pt-BR,en,es"`

		Extension *string `json:"extension,omitempty" maxLength:"40" doc:"Empty takes it away"`
	}
}

// changeMe handles PATCH /api/me.
func (h sessionRoutes) changeMe(ctx context.Context, who access.Actor, in *patchMe) (Me, error) {
	a, err := h.accounts.Update(ctx, who.AccountID, account.Change{Name: in.Body.Name, Locale: in.Body.Locale, Extension: in.Body.Extension})
	if err != nil {
		return Me{}, err
	}
	return h.describe(ctx, a, requestOf(ctx).caller.csrf)
}

type passwordInput struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Current  string `json:"current_password" minLength:"1" maxLength:"1000"`
		Password string `json:"password" minLength:"1" maxLength:"1000"`
	}
}

// changePassword handles POST /api/me/password. Every session ends, and the
// caller gets a new one.
func (h sessionRoutes) changePassword(ctx context.Context, who access.Actor, in *passwordInput) (*loginOutput, error) {
	from := account.Client{IP: requestOf(ctx).address.String(), UserAgent: in.UserAgent}
	token, _, err := h.accounts.ChangePassword(ctx, who.AccountID, in.Body.Current, in.Body.Password, from)
	if err != nil {
		return nil, err
	}
	a, err := h.accounts.Get(ctx, who.AccountID)
	if err != nil {
		return nil, err
	}
	return h.loggedIn(ctx, a, token)
}

// Session is one browser in which the account is logged in.
type Session struct {
	ID        int64     `json:"id"`
	Current   bool      `json:"current"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// list handles GET /api/sessions.
func (h sessionRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[Session], error) {
	all, err := h.accounts.Sessions(ctx, who.AccountID)
	current := requestOf(ctx).caller.session
	return itemsOf(all, func(s account.Session) Session {
		return Session{s.ID, s.ID == current, s.IP, s.UserAgent, s.CreatedAt, s.LastSeenAt, s.ExpiresAt}
	}), err
}

// end handles DELETE /api/sessions/{id}.
func (h sessionRoutes) end(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, account.ErrSessionNotFound)
	if err != nil {
		return err
	}
	return h.accounts.EndSession(ctx, who.AccountID, id)
}
