package mailbox

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/seal"
)

// Service is all that can be asked of this package. Who may change mailboxes is
// decided by its callers: see access.ManageDesk.
type Service struct {
	db     *postgres.DB
	rdb    redis.UniversalClient
	sealer *seal.Sealer
	signer email.Signer
	dialer *dial.Dialer
	web    *http.Client // for token_url
	now    func() time.Time
	log    *slog.Logger

	known    atomic.Pointer[directory]
	reading  sync.Mutex    // one reads the directory at a time
	recheck  chan struct{} // wakes Run
	testTime time.Duration

	tokensMu sync.Mutex
	tokens   map[int64]*token // by mailbox
}

// Deps is what a Service is made of. Redis may be away: then the other nodes
// hear of a change a few seconds later.
type Deps struct {
	DB     *postgres.DB
	Redis  redis.UniversalClient
	Secret []byte // the installation's
	Dialer *dial.Dialer
	Now    func() time.Time // PostgreSQL's, see postgres.Clock
	Log    *slog.Logger
}

// maxTokenAnswer bounds what a token_url may answer, in bytes.
const maxTokenAnswer = 64 << 10

// New reads which mailboxes there are. They are kept current while Run runs.
func New(ctx context.Context, d Deps) (*Service, error) {
	sealer, err := seal.New(d.Secret)
	if err != nil {
		return nil, err
	}
	web := d.Dialer.Client(maxTokenAnswer)
	// Whoever followed would hand the refresh token to a server that nobody named.
	web.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &Service{
		db: d.DB, rdb: d.Redis, sealer: sealer, signer: email.NewSigner(d.Secret), dialer: d.Dialer, web: web,
		now: func() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }, log: d.Log,
		recheck: make(chan struct{}, 1), testTime: testTime, tokens: map[int64]*token{},
	}
	s.known.Store(&directory{changed: make(chan struct{})})
	return s, s.reload(ctx)
}

// List returns all mailboxes, the default one first, then by address.
func (s *Service) List(ctx context.Context) ([]Mailbox, error) {
	rows, err := list(s.db.Gorm.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	all := make([]Mailbox, len(rows))
	for i, r := range rows {
		all[i] = s.open(r)
	}
	return all, nil
}

// Create makes a mailbox. The first one is the default.
func (s *Service) Create(ctx context.Context, c Change) (Mailbox, error) {
	return s.change(ctx, 0, c)
}

// Update changes a mailbox.
func (s *Service) Update(ctx context.Context, id int64, c Change) (Mailbox, error) {
	return s.change(ctx, id, c)
}

func (s *Service) change(ctx context.Context, id int64, c Change) (m Mailbox, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := lockAll(tx); err != nil {
			return err
		}
		m = Blank()
		if id != 0 {
			before, err := read(tx, id)
			if err != nil {
				return err
			}
			m = before.mailbox()
		}
		old := m
		if m, err = old.with(c); err != nil {
			return err
		}
		if err := old.mayKeep(m, c); err != nil {
			return err
		}
		if err := s.settle(tx, &m, old.Default); err != nil {
			return err
		}
		if err := s.sealInto(&m, c); err != nil {
			return err
		}
		if m.UpdatedAt = s.now(); id == 0 {
			m.CreatedAt = m.UpdatedAt
		}
		r := rowOf(m)
		if err := save(tx, &r); err != nil {
			return err
		}
		m = s.open(r)
		return nil
	})
	if err != nil {
		return Mailbox{}, err
	}
	s.announce(ctx)
	return m, nil
}

// settle checks a mailbox against the others, and against what it names.
func (s *Service) settle(tx *gorm.DB, m *Mailbox, wasDefault bool) error {
	others, err := list(tx)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(r row) bool { return r.ID == m.ID })
	for _, o := range others {
		for _, taken := range o.mailbox().Addresses() {
			if slices.Contains(m.Addresses(), taken) {
				return ErrTaken.With("address", taken)
			}
		}
	}
	if len(others) == 0 {
		m.Default = true
	} else if wasDefault && (!m.Default || !m.Active) || m.Default && !m.Active {
		return ErrDefault
	}
	if known, err := exists(tx, "brands", m.BrandID); err != nil {
		return err
	} else if !known {
		return ErrInvalid.Field("body.brand_id", "mailbox_brand")
	}
	if m.TeamID != 0 {
		if known, err := exists(tx, "teams", m.TeamID); err != nil {
			return err
		} else if !known {
			return ErrInvalid.Field("body.team_id", "mailbox_team")
		}
	}
	return nil
}

// Purposes under which a mailbox's secrets are sealed.
const (
	purposeSecret = "mailbox.secret"
	purposeClient = "mailbox.client_secret"
	purposeDKIM   = "mailbox.dkim_key"
)

func (s *Service) sealInto(m *Mailbox, c Change) error {
	if c.Secret != nil {
		m.sealed.secret = s.sealer.Seal(purposeSecret, []byte(*c.Secret))
	}
	if c.ClientSecret != nil {
		m.sealed.clientSecret = s.sealer.Seal(purposeClient, []byte(*c.ClientSecret))
	}
	if m.DKIMDomain == "" {
		m.sealed.dkimKey = nil
	}
	if c.DKIMNewKey {
		key, err := newDKIMKey()
		if err != nil {
			return err
		}
		m.sealed.dkimKey = s.sealer.Seal(purposeDKIM, key)
	}
	return nil
}

// open is the row as a mailbox, with the record of its DKIM key.
func (s *Service) open(r row) Mailbox {
	m := r.mailbox()
	if key, err := s.sealer.Unseal(purposeDKIM, m.sealed.dkimKey); err == nil && len(key) > 0 {
		if record, err := dkimRecord(key); err == nil {
			m.DKIMRecord = record
		}
	}
	return m
}
