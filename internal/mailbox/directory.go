package mailbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// notices is the Redis channel on which nodes tell each other of a change.
	notices = "escuta:mailboxes"
	// rereadEach is how long a change that nobody heard of stays unknown.
	rereadEach = 30 * time.Second
)

// directory is what this node knows of the mailboxes, read at one moment.
type directory struct {
	all     []Mailbox // the default one first; those that are not active too
	owner   map[string]int
	domains map[string]bool
	changed chan struct{} // closed when another one takes its place
}

func newDirectory(all []Mailbox) *directory {
	d := &directory{all: all, owner: map[string]int{}, domains: map[string]bool{}, changed: make(chan struct{})}
	for i, m := range all {
		if !m.Active {
			continue
		}
		for _, a := range m.Addresses() {
			d.owner[a] = i
			_, domain, _ := strings.Cut(a, "@")
			d.domains[domain] = true
		}
	}
	return d
}

// find returns the index of the active mailbox to which mail for the address
// goes. What stands behind a + belongs to whoever stands before it.
func (d *directory) find(address string) (int, bool) {
	address = strings.ToLower(address)
	if i, ok := d.owner[address]; ok {
		return i, true
	}
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	i, ok := d.owner[local+"@"+domain]
	return i, ok
}

// Run keeps what this node knows current until ctx ends: by notices of other
// nodes, and by looking now and then, in case there was one it missed.
func (s *Service) Run(ctx context.Context) error {
	sub := s.rdb.Subscribe(ctx, notices)
	defer func() { _ = sub.Close() }()
	// That it listens again is heard, too: notices may have been missed before.
	heard := sub.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(10*time.Second), redis.WithChannelSize(1))
	look := time.NewTicker(rereadEach)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-heard:
		case <-s.recheck:
		}
		if err := s.reload(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the mailboxes could not be read; what was known of them stays", "error", err)
		}
	}
}

// announce makes this node and the others read the mailboxes again.
func (s *Service) announce(ctx context.Context) {
	if err := s.reload(ctx); err != nil { // it is done; only this node does not see it yet
		select {
		case s.recheck <- struct{}{}:
		default:
		}
	}
	_ = s.rdb.Publish(context.WithoutCancel(ctx), notices, "").Err() // else they look by themselves
}

// reload reads the mailboxes, and tells whoever waits when they have changed.
func (s *Service) reload(ctx context.Context) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	rows, err := list(s.db.Gorm.WithContext(ctx))
	if err != nil {
		return err
	}
	before := s.known.Load()
	same := len(rows) == len(before.all)
	all := make([]Mailbox, len(rows))
	for i, r := range rows {
		all[i] = r.mailbox()
		same = same && all[i].ID == before.all[i].ID && all[i].UpdatedAt.Equal(before.all[i].UpdatedAt)
	}
	if same {
		return nil
	}
	s.known.Store(newDirectory(all))
	close(before.changed)
	return nil
}

// Changed is closed when other mailboxes, or another state of them, are known.
func (s *Service) Changed() <-chan struct{} { return s.known.Load().changed }

// Active returns the mailboxes in use, the default one first. It asks nobody: at
// most rereadEach ago that was so.
func (s *Service) Active() []Mailbox {
	return slices.DeleteFunc(slices.Clone(s.known.Load().all), func(m Mailbox) bool { return !m.Active })
}

// ByID returns a mailbox, also one that is not in use any more.
func (s *Service) ByID(id int64) (Mailbox, bool) {
	all := s.known.Load().all
	i := slices.IndexFunc(all, func(m Mailbox) bool { return m.ID == id })
	if i < 0 {
		return Mailbox{}, false
	}
	return all[i], true
}

// For returns the mailbox that the first of these recipients, any of whose is
// ours, belongs to; false when none is.
func (s *Service) For(recipients ...string) (Mailbox, bool) {
	d := s.known.Load()
	for _, address := range recipients {
		if i, ok := d.find(address); ok {
			return d.all[i], true
		}
	}
	return Mailbox{}, false
}

// Default returns the mailbox that answers what came by no mail; false when
// there is none.
func (s *Service) Default() (Mailbox, bool) {
	for _, m := range s.known.Load().all {
		if m.Default && m.Active {
			return m, true
		}
	}
	return Mailbox{}, false
}

// Takes reports whether mail to this address is for us: for a mailbox or what
// stands behind its +, for a return path that we made, or for the postmaster of
// one of our domains (RFC 5321, section 4.5.1). As long as no mailbox is in use,
// everything is.
func (s *Service) Takes(address string) bool {
	d := s.known.Load()
	if len(d.owner) == 0 {
		return true
	}
	if _, ok := d.find(address); ok {
		return true
	}
	if _, ok := s.signer.VerifyReturnPath(address); ok {
		return true
	}
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return local == "postmaster" && (domain == "" || d.domains[domain])
}
