// Package demo fills an empty desk with a believable week of a believable
// company: some two thousand tickets by four channels, customers who come back,
// deadlines near, met and missed. The week ends now; apart from that the same
// seed gives the same week, to the letter.
//
// It goes through the same functions as people do (ticket.Change, the clocks),
// only at instants of the past, so that rows, events and deadlines agree.
package demo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrNotEmpty means that the desk has tickets already: a demonstration is never
// mixed with somebody's work.
var ErrNotEmpty = fault.New(fault.Conflict, "demo_not_empty")

// Password is that of every account of the demonstration.
const Password = "demonstracao"

// AdminEmail is the demonstration's administrator.
const AdminEmail = "admin@aroeira.example"

// Options says what to make.
type Options struct {
	Seed    uint64
	Tickets int
	Now     time.Time      // PostgreSQL's; the week ends here
	Zone    *time.Location // of the desk
	// Progress is told how many of how many steps are done, often. May be nil.
	Progress func(done, of int)
}

// Summary says what there is now.
type Summary struct {
	Tickets, Customers, Acts int
	Accounts                 []account.Account
}

// Fill makes the week in an empty desk. It fails with ErrNotEmpty when there is
// a ticket already. An interrupted run leaves a shorter week, which is a whole one.
func Fill(ctx context.Context, db *postgres.DB, accounts *account.Service, o Options) (Summary, error) {
	var taken bool
	if err := db.Gorm.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM tickets)").Scan(&taken).Error; err != nil {
		return Summary{}, fmt.Errorf("look for tickets: %w", err)
	}
	if taken {
		return Summary{}, ErrNotEmpty
	}
	c, err := readCorpus()
	if err != nil {
		return Summary{}, err
	}
	policies, err := sla.LoadPolicies(ctx, db.Gorm, sla.BuiltIn(o.Zone))
	if err != nil {
		return Summary{}, err
	}
	s := stage{db: db, policies: policies, corpus: c, zone: o.Zone, now: func() time.Time { return o.Now }, reasons: map[[3]string]int64{}, protocols: map[string]int{}}
	if err := s.build(ctx, accounts); err != nil {
		return Summary{}, err
	}
	w := c.week(o.Seed, o.Now.UTC().Truncate(time.Microsecond), o.Zone, o.Tickets)
	if err := s.meet(ctx, w.People); err != nil {
		return Summary{}, err
	}
	acts, err := s.play(ctx, w, o.Progress)
	if err != nil {
		return Summary{}, err
	}
	if err := s.goWrong(ctx, o.Now.UTC().Truncate(time.Microsecond)); err != nil {
		return Summary{}, err
	}
	if err := s.consult(ctx, o.Now.UTC().Truncate(time.Microsecond)); err != nil {
		return Summary{}, err
	}
	if err := s.keepViews(ctx); err != nil {
		return Summary{}, err
	}
	return Summary{Tickets: len(w.Stories), Customers: len(w.People), Acts: acts, Accounts: s.staff}, nil
}

// stage is where the week is played: the company and who works there.
type stage struct {
	db        *postgres.DB
	policies  *sla.Policies
	corpus    corpus
	zone      *time.Location
	now       func() time.Time
	brand     int64
	teams     map[string]int64
	staff     []account.Account // by their index in the corpus
	reasons   map[[3]string]int64
	customers []int64        // by the person's index
	protocols map[string]int // last sequence used, by local day
}

// build makes the company: brand, teams, people, the reason tree.
func (s *stage) build(ctx context.Context, accounts *account.Service) error {
	err := s.db.Gorm.WithContext(ctx).Raw(`UPDATE brands SET name = 'Aroeira', legal_name = 'Aroeira Casa (demonstração)', color = '#7a3b12'
		WHERE id = (SELECT min(id) FROM brands) RETURNING id`).Scan(&s.brand).Error
	if err != nil {
		return fmt.Errorf("name the brand: %w", err)
	}
	if err := s.gather(ctx, accounts); err != nil {
		return err
	}
	if _, err := accounts.Create(ctx, account.New{Email: AdminEmail, Name: "Administração", Role: access.Admin, Password: Password}); err != nil {
		return fmt.Errorf("make the administrator: %w", err)
	}
	for _, a := range s.corpus.People.Agents {
		var teams []int64
		for _, t := range a.Teams {
			teams = append(teams, s.teams[t])
		}
		made, err := accounts.Create(ctx, account.New{Email: a.Email, Name: a.Name, Role: access.Role(a.Role), Password: Password, TeamIDs: teams})
		if err != nil {
			return fmt.Errorf("make the account of %s: %w", a.Email, err)
		}
		s.staff = append(s.staff, made)
	}
	if err := s.plant(ctx); err != nil {
		return err
	}
	return s.arrange(ctx)
}

// gather makes the teams that the corpus names and that are not there.
func (s *stage) gather(ctx context.Context, accounts *account.Service) error {
	s.teams = map[string]int64{}
	there, err := accounts.Teams(ctx)
	if err != nil {
		return err
	}
	for _, t := range there {
		s.teams[t.Name] = t.ID
	}
	for _, q := range s.corpus.Reasons {
		if s.teams[q.Team] != 0 {
			continue
		}
		made, err := accounts.CreateTeam(ctx, q.Team)
		if err != nil {
			return fmt.Errorf("make the team %s: %w", q.Team, err)
		}
		s.teams[q.Team] = made.ID
	}
	return nil
}

// plant grows the reason tree by what the corpus names and is not there.
func (s *stage) plant(ctx context.Context) error {
	type place struct {
		parent int64
		name   string
	}
	there, err := ticket.Reasons(ctx, s.db.Gorm)
	if err != nil {
		return err
	}
	known := map[place]int64{}
	for _, r := range there {
		above := int64(0)
		if r.ParentID != nil {
			above = *r.ParentID
		}
		known[place{above, r.Name}] = r.ID
	}
	for _, q := range s.corpus.Reasons {
		var parent *int64
		at := place{}
		for _, name := range q.Path {
			at.name = name
			id, found := known[at]
			if !found {
				made, err := ticket.AddReason(ctx, s.db.Gorm, parent, name)
				if err != nil {
					return fmt.Errorf("make the reason %s: %w", name, err)
				}
				id, known[at] = made.ID, made.ID
			}
			parent, at = &id, place{parent: id}
		}
		s.reasons[q.Path] = *parent
	}
	return nil
}

// meet stores the customers and how they are recognised.
func (s *stage) meet(ctx context.Context, people []person) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		s.customers = s.customers[:0]
		for _, p := range people {
			var id int64
			err := tx.Raw(`INSERT INTO customers (name, preferred_name, legal_priority, contract, products, created_at)
				VALUES (?, ?, ?, ?, string_to_array(?, '|'), now() - make_interval(days => ?)) RETURNING id`,
				p.Name, p.Preferred, p.LegalPriority, p.Contract, joined(p.Products), p.DaysKnown).Scan(&id).Error
			if err == nil {
				err = tx.Exec(`INSERT INTO identities (customer_id, kind, value, verified_at) VALUES (?, 'email', ?, now()), (?, 'phone', ?, now()), (?, 'cpf', ?, now())`,
					id, p.Email, id, p.Phone, id, p.CPF).Error
			}
			if err != nil {
				return fmt.Errorf("store a customer: %w", err)
			}
			s.customers = append(s.customers, id)
		}
		return nil
	})
}
