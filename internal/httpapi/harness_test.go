package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/copies"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/mailbox"
	"github.com/escuta-sac/escuta/internal/ombudsman"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/proof"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/seal"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/toll"
	"github.com/escuta-sac/escuta/internal/view"
)

// world is a whole server on engines of its own.
type world struct {
	t      testing.TB
	server *Server
	db     *postgres.DB
	base   string
	log    *buffer
	people map[access.Role]*person
}

// password is everybody's: hashing one for each account takes most of a test's time.
const password = "uma frase bem comprida"

// person is somebody with a browser.
type person struct {
	*world
	account account.Account
	client  *http.Client
	csrf    string
	header  http.Header // goes with every call
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// change alters the options of a world before it starts.
type change func(*Options)

func start(t testing.TB, changes ...change) *world {
	t.Helper()
	url_, db := pgtest.URL(t), (*postgres.DB)(nil)
	db = pgtest.Open(t, url_, postgres.Options{})
	rdb := redistest.New(t)
	w := &world{t: t, db: db, log: &buffer{}, people: map[access.Role]*person{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

	files, err := blob.New(t.TempDir())
	w.must(err)
	zone := time.FixedZone("BRT", -3*60*60)
	policies, err := sla.LoadPolicies(t.Context(), db.Gorm, sla.BuiltIn(zone))
	w.must(err)
	in, err := intake.New(t.Context(), intake.Options{URL: url_, DB: db, Blobs: files, Planner: policies, Calendars: policies.Calendars(), Poke: quiet{}, Now: now, Zone: zone, Log: log})
	w.must(err)
	in.Digest(channel.Ombudsman, imports.Digester{})
	in.Digest(imports.Channel, imports.Digester{})
	events := event.NewLog(db, rdb, log)
	w.run(events.Run, func() {})
	book := view.NewBook(db)
	hub := realtime.New(db, events, log, realtime.Options{Zone: zone, Now: now, Views: book})
	here := presence.New(rdb, []byte(w.t.Name()), log)
	here.Listen(hub.LookAgain)
	hub.Attend(here)
	w.run(here.Run, func() {})
	standings := presence.NewStandings(db, here, now, log)
	w.run(standings.Run, func() {})
	w.run(hub.Run, func() {})
	assigned := assign.New(db, rdb, quiet{}, now, log)
	work, err := jobs.New(db, log)
	w.must(err)
	acts := desk.New(db, policies, work, assigned, &outbox.Post{}, quiet{}, now, log)
	sealer, err := seal.New([]byte("for the tests only"))
	w.must(err)
	calls := call.New(db, in, acts, assigned, sealer, quiet{}, now, log)
	in.Digest(channel.Phone, calls.Exchange())
	w.run(in.Run, in.Close)
	w.run(func(ctx context.Context) error { return calls.Rings(ctx, hub.Phone) }, func() {})
	rosters := roster.New(db, zone, now)
	router := routing.New(routing.Deps{DB: db, Roster: rosters, Board: here, Events: events, Reached: func() bool { return true }, Poke: quiet{}, Now: now, Log: log})
	here.Listen(router.LookAgain)
	w.run(router.Run, func() {})
	lists := imports.New(db, files, in, now, log)
	keeper := retention.New(retention.Deps{DB: db, Events: events, Intake: in, Poke: quiet{}, Now: now, Zone: zone, Log: log})
	w.run(lists.Run, func() {})

	boxes, err := mailbox.New(t.Context(), mailbox.Deps{DB: db, Redis: rdb, Secret: []byte("for the tests only"), Dialer: dial.New(nil), Now: now, Log: log})
	w.must(err)
	w.run(boxes.Run, func() {})

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.base = "http://" + listener.Addr().String()
	base, err := url.Parse(w.base)
	w.must(err)
	options := Options{
		BaseURL: base, MaxUpload: 1 << 20, TimeZone: zone, Version: "test", Secret: []byte("for the tests only"),
		Log: log, Metrics: prometheus.NewRegistry(), Redis: rdb,
		RedisUp:    func(ctx context.Context) error { return rdb.Ping(ctx).Err() },
		PostgresUp: func(ctx context.Context) error { return db.Pool.Ping(ctx) },
		Frontend: fstest.MapFS{
			"index.html":         {Data: []byte("<!doctype html><title>Escuta</title>")},
			"assets/app-1a2b.js": {Data: []byte("export {}")}, "assets/app-1a2b.js.br": {Data: []byte("br")},
		},
	}
	for _, c := range changes {
		c(&options)
	}
	accounts := account.NewService(db, rdb, now, log)
	incidents := incident.New(db, acts, accounts, now, log)
	calendars := calendar.New(db, policies, quiet{}, now, log)
	w.run(calendars.Run, func() {})
	w.run(incidents.Run, func() {})
	w.run(func(ctx context.Context) error { return incidents.Follow(ctx, hub.Incident) }, func() {})
	w.server, err = New(options, Services{
		Calls: calls,
		DB:    db, Accounts: accounts, Replays: account.NewIdempotency(db, now), Blobs: files,
		Intake: in, Sources: in.Sources(), Tokens: in.Tokens(), Assign: assigned, Retention: keeper, Desk: acts, Hub: hub, Views: view.New(db, book, now), Bulks: bulk.New(db, acts, accounts.Acting, now, log), Presence: here, Standings: standings, Roster: rosters, Routing: router, Mailboxes: boxes, Rules: sla.NewRules(db, policies, now), Calendars: policies.Calendars(), KeptCalendars: calendars,
		Toll: toll.New(options.Secret, db.Gorm, now, log), Now: now,
		Ombudsman: ombudsman.New(db, acts, in, policies.Calendars(), quiet{}, now, log), Incidents: incidents, Imports: lists,
		Areas: area.New(area.Options{DB: db, Desk: acts, Post: &outbox.Post{IDs: email.NewSigner(options.Secret), Fallback: "atendimento@escuta.example"}, Calendars: policies.Calendars(), Links: area.NewLinks(options.Secret, w.base),
			Trail: ombudsman.Trail, Blobs: files, Now: now, Log: log}),
		Proofs: &proof.Service{DB: db, Post: &outbox.Post{}, Calendars: policies.Calendars(), Now: now, Zone: zone, Base: "https://desk.example", Log: log},
		Copies: &copies.Service{DB: db, Post: &outbox.Post{}, Blobs: files, Recordings: call.Copies{}, Now: now, Zone: zone},
		Dialer: dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}), // where the tests' other servers are
	})
	w.must(err)
	served := make(chan error, 1)
	go func() { served <- w.server.Serve(listener) }()
	t.Cleanup(func() {
		w.must(w.server.Stop(5 * time.Second))
		listener.Close()
		<-served
	})
	return w
}

type quiet struct{}

func (quiet) Poke() {}

// run keeps a part running until the test ends.
func (w *world) run(part func(context.Context) error, after func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- part(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("%v", err)
		}
		after()
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// somebody is a browser in which nobody is logged in.
func (w *world) somebody() *person {
	return &person{world: w, client: &http.Client{Jar: newJar()}, header: http.Header{}}
}

// as logs in an account of this role, in these teams or in the default one.
func (w *world) as(role access.Role, teams ...int64) *person {
	w.t.Helper()
	if p := w.people[role]; p != nil && len(teams) == 0 {
		return p
	}
	p := w.somebody()
	a, err := w.server.services.Accounts.Create(w.t.Context(), account.New{
		Email: strings.ToLower(string(role)) + "-" + newRequestID() + "@example.com", Name: "Pessoa de Teste",
		Role: role, Password: password, TeamIDs: teams,
	})
	w.must(err)
	p.account = a
	p.login()
	if len(teams) == 0 {
		w.people[role] = p
	}
	return p
}

func (p *person) login() {
	p.t.Helper()
	var in LoggedIn
	p.post("/api/login", map[string]string{"email": p.account.Email, "password": password}).want(200).into(&in)
	p.csrf = in.Me.CSRFToken
}

// answer is what came back.
type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte
}

func (p *person) get(path string) answer { p.t.Helper(); return p.call("GET", path, "", nil) }

func (p *person) post(path string, body any) answer {
	p.t.Helper()
	return p.call("POST", path, "application/json", encoded(p.t, body))
}

func encoded(t testing.TB, body any) []byte {
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *person) call(method, path, contentType string, body []byte, headers ...string) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, bytes.NewReader(body))
	p.must(err)
	request.Header = p.header.Clone()
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if p.csrf != "" && request.Header.Get(csrfHeader) == "" {
		request.Header.Set(csrfHeader, p.csrf)
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
		if pair[0] == "Host" {
			request.Host = pair[1]
		}
	}
	response, err := p.client.Do(request)
	p.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	p.must(err)
	return answer{p.t, method + " " + path, response.StatusCode, response.Header, text}
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.call, a.status, status, a.body)
	}
	return a
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.call, err, a.body)
	}
}

// problem checks the shape that every failure has, and its code.
func (a answer) problem(code string, fields ...string) Problem {
	a.t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Fatalf("%s: content type %q\n%s", a.call, got, a.body)
	}
	var p Problem
	a.into(&p)
	switch {
	case p.Code != code:
		a.t.Fatalf("%s: code %q, want %q\n%s", a.call, p.Code, code, a.body)
	case p.Status != a.status, p.Title == "", p.Detail == "", p.Instance == "", strings.HasPrefix(p.Detail, "error."),
		strings.HasPrefix(p.Title, "status."):
		a.t.Fatalf("%s: incomplete problem\n%s", a.call, a.body)
	}
	for _, f := range p.Errors {
		if f.Detail == "" || strings.HasPrefix(f.Detail, "field.") {
			a.t.Fatalf("%s: field %q has no text\n%s", a.call, f.Field, a.body)
		}
	}
	for _, field := range fields {
		if !slices.ContainsFunc(p.Errors, func(f FieldProblem) bool { return f.Field == field }) {
			a.t.Fatalf("%s: %q is not named\n%s", a.call, field, a.body)
		}
	}
	return p
}
