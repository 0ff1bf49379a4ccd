package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrNotRinging is a call that does not ring at the asker's telephone and that
// they have not answered there.
var ErrNotRinging = fault.New(fault.NotFound, "call_not_ringing")

// rings is the PostgreSQL channel on which nodes hear of telephones, with the
// commit of what an exchange has told.
const rings = "escuta_telephones"

// ringing is what is told on it.
type ringing struct {
	Accounts []int64 `json:"to"`
	Line     int64   `json:"line"`
	Call     string  `json:"call"`
}

// ring tells every node, with the commit of tx, whose telephones a call is at:
// those at which it rings, whoever has answered, and those that have stopped
// ringing because somebody else has.
func (h heard) ring(ctx context.Context, tx *gorm.DB, facts phone.Facts) error {
	at := facts.RingingAt()
	if last := facts.Extension(); last != "" {
		at = append(at, last)
	}
	if len(at) == 0 {
		return nil
	}
	told := ringing{Line: h.line, Call: h.Call}
	err := tx.WithContext(ctx).Raw("SELECT id FROM accounts WHERE extension IN ? AND active ORDER BY id", at).Scan(&told.Accounts).Error
	if err != nil {
		return fmt.Errorf("find whose telephones ring: %w", err)
	}
	if len(told.Accounts) == 0 {
		return nil
	}
	text, err := json.Marshal(told)
	if err == nil {
		err = tx.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", rings, string(text)).Error
	}
	if err != nil {
		return fmt.Errorf("tell of a telephone: %w", err)
	}
	return nil
}

// listenAgain is how long Rings waits before it listens again after a failure.
const listenAgain = time.Second

// Rings tells of calls at telephones, which any node has heard of, until ctx
// ends. What rings while PostgreSQL is away is not told: the note of a call that
// is answered is in its agent's list all the same.
func (s *Service) Rings(ctx context.Context, tell func(accounts []int64, line int64, call string)) error {
	for ctx.Err() == nil {
		err := s.listen(ctx, tell)
		if ctx.Err() != nil {
			return nil
		}
		s.log.WarnContext(ctx, "calls at telephones are not shown until PostgreSQL is there again", slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

func (s *Service) listen(ctx context.Context, tell func([]int64, int64, string)) error {
	taken, err := s.db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := taken.Hijack() // what listens must not serve others afterwards
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+rings); err != nil {
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var told ringing
		if err := json.Unmarshal([]byte(n.Payload), &told); err != nil {
			s.log.WarnContext(ctx, "what was told of a telephone cannot be read", slog.Any("error", err))
			continue
		}
		tell(told.Accounts, told.Line, told.Call)
	}
}

// Ringing is a call at somebody's telephone.
type Ringing struct {
	Line   Line
	Call   string // the exchange's id
	Caller phone.Caller
	State  phone.State
	Waited time.Duration // in the queue, by the exchange's clock; 0 when it did not say
	Mine   bool          // it rings at the asker's telephone, or they have it; else somebody else does

	ContactID int64 // its note, once there is one that the asker sees
	Maybe     []Suggestion
}

// Ringing is the call with this id on a line, as far as it concerns the actor's
// own telephone. What never was there does not exist for them.
func (s *Service) Ringing(ctx context.Context, actor access.Actor, lineID int64, id string) (Ringing, error) {
	var mine string
	if err := s.db.Gorm.WithContext(ctx).Raw("SELECT extension FROM accounts WHERE id = ?", actor.AccountID).Scan(&mine).Error; err != nil {
		return Ringing{}, fmt.Errorf("read the extension of account %d: %w", actor.AccountID, err)
	}
	var p pbxRow
	switch err := s.db.Gorm.WithContext(ctx).Where("line_id = ? AND call = ?", lineID, id).Take(&p).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Ringing{}, ErrNotRinging
	case err != nil:
		return Ringing{}, fmt.Errorf("read a call of an exchange: %w", err)
	}
	var facts phone.Facts
	if err := json.Unmarshal([]byte(p.Facts), &facts); err != nil {
		return Ringing{}, fmt.Errorf("read the facts of call %q: %w", id, err)
	}
	rang, has := slices.Contains(facts.RingingAt(), mine), facts.Extension() == mine
	if mine == "" || !rang && !has {
		return Ringing{}, ErrNotRinging
	}
	line, err := s.lineRow(ctx, s.db.Gorm.Where("id = ?", lineID))
	if err != nil {
		return Ringing{}, err
	}
	r := Ringing{Line: line.line(), Call: id, Caller: phone.ReadCaller(facts.Caller.Value), State: facts.State(),
		Waited: facts.Waited(), Mine: has || facts.Extension() == ""}
	if note, err := s.noteOf(ctx, actor, lineID, id); err != nil || note != 0 {
		r.ContactID = note
		return r, err
	}
	r.Maybe, err = s.Suggestions(ctx, actor, Call{Caller: r.Caller})
	return r, err
}

// noteOf is the note of an exchange's call; 0 while there is none that the actor
// sees.
func (s *Service) noteOf(ctx context.Context, actor access.Actor, lineID int64, id string) (int64, error) {
	r, err := read(ctx, s.db.Gorm.Where("line_id = ? AND pbx_call = ?", lineID, id))
	if err == nil {
		_, err = s.See(ctx, actor, r.ContactID)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return r.ContactID, nil
}
