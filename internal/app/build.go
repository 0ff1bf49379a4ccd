package app

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/escuta-sac/escuta/frontend"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/antivirus"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/copies"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/httpapi"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/mailbox"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/ombudsman"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/proof"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/seal"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/toll"
	"github.com/escuta-sac/escuta/internal/view"
)

// build introduces the parts to each other, from the ground up.
func (a *App) build(ctx context.Context, cfg config.Config) error {
	log := a.log
	ground, err := a.openEngines(ctx, cfg)
	if err != nil {
		return err
	}
	db := ground.db
	rdb, err := rediskit.Open(ground.urls.Redis)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, rdb.Close)
	redisHealth := rediskit.Watch(rdb, log)
	clock, err := postgres.NewClock(ctx, db.Pool)
	if err != nil {
		return err
	}
	files, err := blob.New(filepath.Join(cfg.DataDir, "files"))
	if err != nil {
		return err
	}

	// A restored database is another history. Protocol numbers and whoever follows
	// events rely on the epoch, so it is settled before them.
	if _, err := event.Settle(ctx, db); err != nil {
		return err
	}
	events := event.NewLog(db, rdb, log)
	sequencer := event.NewSequencer(events)

	secret, err := a.secret(ctx, cfg, db)
	if err != nil {
		return err
	}
	dialer := dial.New(cfg.OutboundNetworks)
	boxes, err := mailbox.New(ctx, mailbox.Deps{DB: db, Redis: rdb, Secret: secret, Dialer: dialer, Now: clock.Now, Log: log})
	if err != nil {
		return err
	}
	accounts := account.NewService(db, rdb, clock.Now, log)
	if err := a.firstAdmin(ctx, cfg, accounts); err != nil {
		return err
	}
	policies, err := sla.LoadPolicies(ctx, db.Gorm, sla.BuiltIn(cfg.Timezone))
	if err != nil {
		return err
	}

	in, err := intake.New(ctx, intake.Options{
		URL: ground.urls.Postgres, DB: db, Blobs: files, Planner: policies, Calendars: policies.Calendars(), Poke: sequencer,
		Now: clock.Now, Zone: cfg.Timezone, Log: log,
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, func() error { in.Close(); return nil })
	base, err := url.Parse(string(cfg.BaseURL))
	if err != nil {
		return fmt.Errorf("read the base URL: %w", err)
	}
	out, err := relay(cfg)
	if err != nil {
		return err
	}
	signer := email.NewSigner(secret)
	texts, err := gateway(cfg)
	if err != nil {
		return err
	}
	orders := post(signer, out, base, in.Tokens(), cfg.Timezone, texts != nil)
	told := &delivery.Protocols{DB: db, Post: orders, Texts: texts != nil, Base: strings.TrimSuffix(string(cfg.BaseURL), "/"), Now: clock.Now, Log: log}
	sender, err := delivery.NewSender(delivery.Options{
		DB: db, Ways: ways{out, boxes}, Blobs: files, Signer: signer, Texts: texts, Dialer: dialer, Trusted: trusted,
		Host: mailHost(base), Dir: journalDir(cfg), Poke: sequencer, Now: clock.Now, Log: log,
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, sender.Close)
	if err := sender.Recover(ctx); err != nil {
		return err
	}
	work, err := jobs.New(db, log, jobs.Work(delivery.NewReplies(db, sequencer, clock.Now)),
		jobs.Work(delivery.NewMails(sender)), jobs.Work(delivery.NewAcknowledgements(db, orders)),
		jobs.Work(desk.NewTold(db, policies.Calendars(), sequencer, clock.Now)))
	if err != nil {
		return err
	}
	acknowledger, err := delivery.NewAcknowledger(ctx, db, events, orders, log)
	if err != nil {
		return err
	}
	assigned := assign.New(db, rdb, sequencer, clock.Now, log)
	assigned.AllowSkips(cfg.SkipsPerHour)
	acts := desk.New(db, policies, work, assigned, orders, sequencer, clock.Now, log)
	sealer, err := seal.New(secret)
	if err != nil {
		return err
	}
	calls := call.New(db, in, acts, assigned, sealer, sequencer, clock.Now, log)
	in.Digest(channel.Phone, calls.Exchange())
	copied := &copies.Service{DB: db, Post: orders, Blobs: files, Recordings: call.Copies{}, Now: clock.Now, Zone: cfg.Timezone}
	papers := &proof.Service{DB: db, Post: orders, Calendars: policies.Calendars(), Now: clock.Now, Zone: cfg.Timezone, Base: strings.TrimSuffix(string(cfg.BaseURL), "/"), Release: release(), Log: log}
	areas := area.New(area.Options{
		DB: db, Desk: acts, Post: orders, Calendars: policies.Calendars(), Links: area.NewLinks(secret, string(cfg.BaseURL)),
		Trail: ombudsman.Trail, Blobs: files, Now: clock.Now, Log: log,
	})
	mails := mailroom.New(mailroom.Options{
		DB: db, Blobs: files, Signer: email.NewSigner(secret), Now: clock.Now, Log: log,
		Authserv: cfg.AuthservID, Verify: verifier(cfg), Notice: imports.Notice, Flood: cfg.MailFlood, Areas: areas,
	})
	in.Digest(channel.Email, mails)
	calendars := calendar.New(db, policies, sequencer, clock.Now, log)
	bulks := bulk.New(db, acts, accounts.Acting, clock.Now, log)
	cases := ombudsman.New(db, acts, in, policies.Calendars(), sequencer, clock.Now, log)
	in.Digest(channel.Ombudsman, imports.Digester{})
	in.Digest(imports.Channel, imports.Digester{})
	lists := imports.New(db, files, in, clock.Now, log)
	incidents := incident.New(db, acts, accounts, clock.Now, log)
	timers := sla.NewTimers(sla.TimersDeps{DB: db, Redis: rdb, Recorder: acts, Feed: events, Now: clock.Now, Log: log})
	book := view.NewBook(db)
	if _, err := book.Refresh(ctx); err != nil {
		return err
	}
	live := realtime.Options{Zone: cfg.Timezone, Now: clock.Now, Views: book}
	if cfg.PublicLimit == 0 { // tests and benchmarks connect thousands from one address
		live.PerAccount, live.PerIP = -1, -1
	}
	hub := realtime.New(db, events, log, live)
	here := presence.New(rdb, secret, log)
	here.Listen(hub.LookAgain)
	hub.Attend(here)
	standings := presence.NewStandings(db, here, clock.Now, log)

	keeper := retention.New(retention.Deps{DB: db, Events: events, Intake: in, Poke: sequencer, Now: clock.Now, Zone: cfg.Timezone, Log: log})
	rosters := roster.New(db, cfg.Timezone, clock.Now)
	router := routing.New(routing.Deps{DB: db, Roster: rosters, Board: here, Events: events, Reached: redisHealth.Up,
		Poke: sequencer, Now: clock.Now, Log: log})
	here.Listen(router.LookAgain)

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics.MustRegister(events.Collectors()...)
	metrics.MustRegister(hub.Collectors()...)
	metrics.MustRegister(in.Collectors()...)
	metrics.MustRegister(mails.Collectors()...)

	proofs := toll.New(secret, db.Gorm, clock.Now, log)
	a.web, err = httpapi.New(httpapi.Options{
		BaseURL: base, TrustedProxies: cfg.TrustedProxies, PublicLimit: cfg.PublicLimit, MaxUpload: cfg.MaxUpload,
		TimeZone: cfg.Timezone, Secret: secret, Log: log, Metrics: metrics, Redis: rdb,
		RedisUp:    func(ctx context.Context) error { return rdb.Ping(ctx).Err() },
		PostgresUp: db.Pool.Ping,
		Frontend:   frontend.Dist,
	}, httpapi.Services{
		Calls: calls,
		DB:    db, Accounts: accounts, Replays: account.NewIdempotency(db, clock.Now), Blobs: files,
		Intake: in, Sources: in.Sources(), Tokens: in.Tokens(), Assign: assigned, Desk: acts, Hub: hub, Presence: here, Standings: standings, Roster: rosters, Routing: router, Ombudsman: cases, Areas: areas, Incidents: incidents, Imports: lists, Mailboxes: boxes,
		Views: view.New(db, book, clock.Now), Bulks: bulks, Retention: keeper,
		Copies:    copied,
		Proofs:    papers,
		Calendars: policies.Calendars(), KeptCalendars: calendars, Rules: sla.NewRules(db, policies, clock.Now), Toll: proofs,
		Scan: antivirus.New(cfg.ClamdAddr, files, db.Gorm), Dialer: dialer, Now: clock.Now,
	})
	if err != nil {
		return err
	}

	carriers, err := a.carriers(cfg, db, dialer, boxes, in, log)
	if err != nil {
		return err
	}
	a.stages = []stage{
		{parts: carriers},
		{parts: []part{ // what finishes what requests have left behind
			{"intake", in.Run}, {"claims", assigned.Run}, {"giving out", router.Run}, {"closing of tickets", acts.Run},
			{"archiving of cases", cases.Run}, {"requests to areas", areas.Run}, {"imports", lists.Run},
			{"incidents", incidents.Run}, {"news of incidents", func(ctx context.Context) error { return incidents.Follow(ctx, hub.Incident) }},
			{"news of areas", func(ctx context.Context) error { return areas.Follow(ctx, hub.Areas) }},
			{"bulks", bulks.Run}, {"retention", keeper.Run}, {"calendars", calendars.Run}, {"rules of deadlines", func(ctx context.Context) error { return policies.Follow(ctx, db, log) }},
			{"deadlines planned anew", func(ctx context.Context) error { return acts.Plan(ctx, log) }},
			{"escalation", acts.Climb}, {"timers", timers.Run}, {"jobs", work.Run}, {"outgoing mail", sender.Run}, {"accounts", accounts.Run}, {"mailboxes", boxes.Run},
			{"acknowledgements", acknowledger.Run}, {"protocols of calls", told.Run}, {"copies", func(ctx context.Context) error { return copied.Run(ctx, log) }}, {"proofs of work", proofs.Run},
			{"certificates of extensions", papers.Run},
			{"telephones", func(ctx context.Context) error { return calls.Rings(ctx, hub.Phone) }}, {"sweep of files", sweeper{files, db, log}.Run}, profiler(cfg.AdminListen, log),
		}},
		{parts: []part{ // what tells of it
			{"sequencer", sequencer.Run}, {"event log", events.Run}, {"live", hub.Run}, {"presence", here.Run}, {"standings", standings.Run},
		}},
		{parts: []part{ // what all of them stand on
			{"clock", clock.Run}, {"redis", redisHealth.Run}, {"engines", ground.run},
		}},
	}
	return nil
}

// release is the version of this program, as its build has noted it.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

// verifier checks who sent a mail, when that is wanted.
func verifier(cfg config.Config) *mailroom.Verifier {
	if !cfg.VerifyMail {
		return nil
	}
	return mailroom.NewVerifier(net.DefaultResolver)
}

// firstAdmin makes the admin of an empty database, when one is configured.
func (a *App) firstAdmin(ctx context.Context, cfg config.Config, accounts *account.Service) error {
	if cfg.AdminEmail == "" {
		return nil
	}
	made, err := accounts.FirstAdmin(ctx, cfg.AdminEmail, cfg.AdminPassword.Reveal())
	if made {
		a.log.Info("made the first admin")
	}
	return err
}

// secret is the configured one, or the installation's own.
func (a *App) secret(ctx context.Context, cfg config.Config, db *postgres.DB) ([]byte, error) {
	if configured := cfg.Secret.Reveal(); configured != "" {
		return []byte(configured), nil
	}
	var secret []byte
	if err := db.Pool.QueryRow(ctx, "SELECT secret FROM installation").Scan(&secret); err != nil {
		return nil, fmt.Errorf("read the secret of the installation: %w", err)
	}
	return secret, nil
}
