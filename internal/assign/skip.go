package assign

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrSkips is a skip beyond the bound. Args: max, how many an hour has.
var ErrSkips = fault.New(fault.TooMany, "skips_used_up")

// SkipReasons are why somebody may give back what they were served, in the order
// in which people are offered them. other needs a word.
var SkipReasons = []string{"knowledge", "language", "personal", "breather", "other"}

const (
	// skipsAnHour is how many an account has, unless AllowSkips says otherwise.
	skipsAnHour = 3
	// notAgain is how long the one who skipped a ticket is not served it.
	notAgain = 4 * time.Hour
	// maxWord bounds what is said beside the reason, in runes.
	maxWord = 300
)

// notSkipped leaves out what the asker has given back a while ago.
const notSkipped = ` AND NOT EXISTS (SELECT FROM skips k WHERE k.ticket_id = t.id AND k.account_id = @me AND k.until_at > now())`

// Skip gives back a ticket that the actor was served and does not answer, and why.
type Skip struct {
	Reason string
	Word   string
}

// Skipped is what the event of a skip tells beside the row.
type Skipped struct {
	Reason string `json:"reason"`
	Word   string `json:"word,omitempty"`
}

func (k *Skip) check() error {
	k.Word = strings.TrimSpace(k.Word)
	switch {
	case !slices.Contains(SkipReasons, k.Reason):
		return ticket.Wrong("reason", "unknown_choice")
	case !utf8.ValidString(k.Word) || strings.ContainsRune(k.Word, 0):
		return ticket.Wrong("word", "not_text")
	case k.Word == "" && k.Reason == "other":
		return ticket.Wrong("word", "required")
	case utf8.RuneCountInString(k.Word) > maxWord:
		return ticket.Wrong("word", "too_long", maxWord)
	}
	return nil
}

// AllowSkips says how many skips an hour an account has; 0 is none. It is called
// before the service is used.
func (s *Service) AllowSkips(anHour int) { s.skips = anHour }

// Skip gives back what the actor holds, which makes it nobody's: whoever asks next
// may get it, and the actor not for a while. Beyond the bound that is ErrSkips and
// nothing is given back.
func (s *Service) Skip(ctx context.Context, actor access.Actor, id int64, k Skip) (ticket.Ticket, error) {
	if err := k.check(); err != nil {
		return ticket.Ticket{}, err
	}
	var skipped ticket.Ticket
	err := s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		cause := ticket.Cause{Kind: event.TicketSkipped, ActorID: &actor.AccountID, Data: Skipped(k), At: s.now()}
		skipped, err = ticket.Change(ctx, tx, id, cause, func(t *ticket.Ticket) error {
			switch {
			case !actor.MaySee(t.Audience()):
				return ticket.ErrNotFound
			case !t.Status.IsOpen():
				return ticket.ErrClosed
			case !is(t.HolderID, actor):
				return ticket.ErrLeaseLost
			}
			t.AssigneeID, t.HolderID, t.LeaseUntil = nil, nil, nil
			return s.note(ctx, tx, actor, t.ID, k, cause.At)
		})
		return err
	})
	if err != nil {
		return ticket.Ticket{}, err
	}
	s.poke.Poke()
	s.Forget(ctx, id)
	return skipped, nil
}

// note writes a skip down, within the bound: two at once count each other.
func (s *Service) note(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64, k Skip, at time.Time) error {
	var used int
	var oldest *time.Time
	err := tx.WithContext(ctx).Exec("SELECT pg_advisory_xact_lock(hashtext('skips'), ?::int)", actor.AccountID%(1<<31)).Error
	if err == nil {
		err = tx.WithContext(ctx).Raw("SELECT count(*), min(at) FROM skips WHERE account_id = ? AND at > ?", actor.AccountID, at.Add(-time.Hour)).
			Row().Scan(&used, &oldest)
	}
	if err != nil {
		return fmt.Errorf("count the skips of account %d: %w", actor.AccountID, err)
	}
	if used >= s.skips {
		wait := time.Hour
		if oldest != nil {
			wait = oldest.Add(time.Hour).Sub(at)
		}
		return ErrSkips.With("max", s.skips).After(wait)
	}
	err = tx.WithContext(ctx).Exec("INSERT INTO skips (ticket_id, account_id, reason, word, at, until_at) VALUES (?, ?, ?, ?, ?, ?)",
		id, actor.AccountID, k.Reason, k.Word, at, at.Add(notAgain)).Error
	if err != nil {
		return fmt.Errorf("note a skip of ticket %d: %w", id, err)
	}
	return nil
}
