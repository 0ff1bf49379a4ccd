package httpapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
)

// accounts is what these handlers need from package account, and no more.
type accounts interface {
	List(ctx context.Context) ([]account.Account, error)
	Create(ctx context.Context, n account.New) (account.Account, error)
	Update(ctx context.Context, id int64, c account.Change) (account.Account, error)
	Teams(ctx context.Context) ([]account.Team, error)
	CreateTeam(ctx context.Context, name string) (account.Team, error)
}

type accountRoutes struct{ accounts accounts }

// Account is one person who works here, or a program.
type Account struct {
	ID        int64     `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Role      string    `json:"role" enum:"agent,supervisor,ombudsman,admin"`
	Locale    string    `json:"locale" enum:"pt-BR,en,es"`
	Active    bool      `json:"active"`
	TeamIDs   []int64   `json:"team_ids"`
	Extension string    `json:"extension" doc:"Of the telephone on their desk; empty without one"`
	CreatedAt time.Time `json:"created_at"`
}

func accountBody(a account.Account) Account {
	return Account{a.ID, a.Email, a.Name, string(a.Role), a.Locale, a.Active, a.TeamIDs, a.Extension, a.CreatedAt}
}

// list handles GET /api/accounts.
func (h accountRoutes) list(ctx context.Context, _ access.Actor, _ *none) (Items[Account], error) {
	all, err := h.accounts.List(ctx)
	return itemsOf(all, accountBody), err
}

type newAccount struct {
	Body struct {
		Email    string    `json:"email" maxLength:"254"`
		Name     string    `json:"name" minLength:"1" maxLength:"200"`
		Role     string    `json:"role" enum:"agent,supervisor,ombudsman,admin"`
		Password string    `json:"password" minLength:"1" maxLength:"1000"`
		Teams    []TeamRef `json:"teams,omitempty" maxItems:"200" doc:"Ids or names; none is the default team"`
		Locale   string    `json:"locale,omitempty" enum:"pt-BR,en,es"`
	}
}

// create handles POST /api/accounts.
func (h accountRoutes) create(ctx context.Context, _ access.Actor, in *newAccount) (Account, error) {
	b := in.Body
	teams, err := h.teamIDs(ctx, b.Teams)
	if err != nil {
		return Account{}, err
	}
	a, err := h.accounts.Create(ctx, account.New{Email: b.Email, Name: b.Name, Role: access.Role(b.Role),
		Password: b.Password, Locale: b.Locale, TeamIDs: teams})
	return accountBody(a), err
}

// TeamRef names a team by its id or by its name.
type TeamRef struct {
	ID   int64
	Name string
}

// UnmarshalJSON takes a number or a text.
func (r *TeamRef) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &r.Name)
	}
	return json.Unmarshal(text, &r.ID)
}

// Schema describes both ways.
func (TeamRef) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeInteger}, {Type: huma.TypeString, MaxLength: new(200)}}}
}

// teamIDs finds the teams; one that does not exist is left for the domain to refuse.
func (h accountRoutes) teamIDs(ctx context.Context, refs []TeamRef) ([]int64, error) {
	all, err := h.accounts.Teams(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(refs))
	for _, r := range refs {
		for _, t := range all {
			if r.Name != "" && strings.EqualFold(t.Name, strings.TrimSpace(r.Name)) {
				r.ID = t.ID
			}
		}
		ids = append(ids, r.ID)
	}
	return ids, nil
}

type patchAccount struct {
	ByID
	Body struct {
		Email    *string    `json:"email,omitempty" maxLength:"254"`
		Name     *string    `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Role     *string    `json:"role,omitempty" enum:"agent,supervisor,ombudsman,admin"`
		Password *string    `json:"password,omitempty" minLength:"1" maxLength:"1000"`
		Teams    *[]TeamRef `json:"teams,omitempty" maxItems:"200"`
		Active   *bool      `json:"active,omitempty"`
		Locale   *string    `json:"locale,omitempty" enum:"pt-BR,en,es"`

		Extension *string `json:"extension,omitempty" maxLength:"40" doc:"Empty takes it away"`
	}
}

// change handles PATCH /api/accounts/{id}.
func (h accountRoutes) change(ctx context.Context, _ access.Actor, in *patchAccount) (Account, error) {
	id, err := pathID(in.ID, account.ErrNotFound)
	if err != nil {
		return Account{}, err
	}
	b := in.Body
	change := account.Change{Email: b.Email, Name: b.Name, Role: (*access.Role)(b.Role),
		Password: b.Password, Locale: b.Locale, Active: b.Active, Extension: b.Extension}
	if b.Teams != nil {
		teams, err := h.teamIDs(ctx, *b.Teams)
		if err != nil {
			return Account{}, err
		}
		change.TeamIDs = &teams
	}
	a, err := h.accounts.Update(ctx, id, change)
	return accountBody(a), err
}

// Team is a group of accounts with a queue of its own.
type Team struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default" doc:"Joined by whoever is given no team"`
}

func teamBody(t account.Team) Team { return Team(t) }

// teams handles GET /api/teams.
func (h accountRoutes) teams(ctx context.Context, _ access.Actor, _ *none) (Items[Team], error) {
	all, err := h.accounts.Teams(ctx)
	return itemsOf(all, teamBody), err
}

type newTeam struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

// addTeam handles POST /api/teams.
func (h accountRoutes) addTeam(ctx context.Context, _ access.Actor, in *newTeam) (Team, error) {
	t, err := h.accounts.CreateTeam(ctx, in.Body.Name)
	return teamBody(t), err
}

// Person is somebody's name, for whoever works with them.
type Person struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Role    string  `json:"role" enum:"agent,supervisor,ombudsman,admin"`
	TeamIDs []int64 `json:"team_ids"`
	Active  bool    `json:"active" doc:"Whoever left still is the author of what they wrote"`
}

// people handles GET /api/people.
func (h accountRoutes) people(ctx context.Context, _ access.Actor, _ *none) (Items[Person], error) {
	all, err := h.accounts.List(ctx)
	return itemsOf(all, func(a account.Account) Person {
		return Person{a.ID, a.Name, string(a.Role), a.TeamIDs, a.Active}
	}), err
}
