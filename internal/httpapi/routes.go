package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/escuta-sac/escuta/internal/access"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete

	ok      = http.StatusOK
	created = http.StatusCreated
)

// addRoutes is every call there is, on one screen.
func (s *Server) addRoutes() {
	var (
		is     = s.services
		me     = sessionRoutes{s, is.Accounts}
		tokens = tokenRoutes{is.Accounts}
		staff_ = accountRoutes{is.Accounts}
		lists  = catalogueRoutes{is.DB}
		files  = fileRoutes{s, is.DB}
		sent   = uploadRoutes{s, s.options.Secret}
		public = publicRoutes{s, is.DB, is.Intake, is.Tokens, is.Now}
	)
	_ = lists
	register(s, post, "/api/login", "Log in", visitor, ok, me.login)
	register(s, post, "/api/logout", "Log out", staff, http.StatusNoContent, me.logout)
	on(s, get, "/api/me", "Who am I", staff, ok, me.me)
	on(s, patch, "/api/me", "Change my name or language", staff, ok, me.changeMe)
	register(s, post, "/api/me/password", "Change my password", secret, ok, me.changePassword)
	on(s, get, "/api/sessions", "Where I am logged in", staff, ok, me.list)
	done(s, remove, "/api/sessions/{id}", "End a session of mine", staff, me.end)
	on(s, get, "/api/tokens", "My API tokens", staff, ok, tokens.list)
	on(s, post, "/api/tokens", "Make an API token", secret, created, tokens.create)
	done(s, remove, "/api/tokens/{id}", "Revoke an API token", staff, tokens.revoke)

	on(s, get, "/api/people", "Names of those who work here", staff, ok, staff_.people)
	on(s, get, "/api/accounts", "Accounts", may(access.ManageAccounts), ok, staff_.list)
	on(s, post, "/api/accounts", "Add an account", may(access.ManageAccounts), created, staff_.create)
	on(s, patch, "/api/accounts/{id}", "Change an account", may(access.ManageAccounts), ok, staff_.change)
	on(s, get, "/api/teams", "Teams", staff, ok, staff_.teams)
	on(s, post, "/api/teams", "Add a team", may(access.ManageDesk), created, staff_.addTeam)
	on(s, get, "/api/reasons", "The tree of reasons", staff, ok, lists.reasons)
	on(s, post, "/api/reasons", "Add a reason", may(access.ManageDesk), created, lists.addReason)
	on(s, get, "/api/brands", "Brands", staff, ok, lists.brands)

	s.native(get, "/api/files/{token}", anyone, files.download, &fileOperation)
	s.native(post, "/api/uploads", may(access.WorkTickets), sent.upload,
		s.document("Upload a file for a reply", created, nil, reflect.TypeFor[Upload]()))

	key := idempotencyParameter
	s.native(post, "/api/public/tickets", anyone, public.open,
		s.document("Open a ticket from the web", created, reflect.TypeFor[openTicket](), reflect.TypeFor[PublicReceipt](), key))
	on(s, get, "/api/public/tickets/{protocol}", "Follow a ticket", anyone, ok, public.track)
	s.native(post, "/api/public/tickets/{protocol}/messages", anyone, public.write,
		s.document("Answer as the customer", created, reflect.TypeFor[writeMessage](), reflect.TypeFor[PublicReply](), key,
			&huma.Param{Name: "protocol", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
			&huma.Param{Name: accessHeader, In: "header", Schema: &huma.Schema{Type: "string"}}))
	done(s, post, "/api/public/tickets/{protocol}/survey", "Rate the answer", anyone, public.rate)
	on(s, post, "/api/public/access", "Get in without a link", anyone, ok, public.prove)

	s.plain()
}
