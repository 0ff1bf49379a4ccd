package presence

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ErrInvalid is a break that cannot be; details name the fields.
var ErrInvalid = fault.New(fault.Invalid, "break_invalid")

// Reason is why somebody is in a break.
type Reason string

// Reasons are the known reasons, in the order in which people are offered them.
// Rest and meal are the pauses that NR-17, Anexo II, gives to who works on the
// telephone; personal needs may be followed at any time and are nobody's business,
// so that reason is told to nobody else.
var Reasons = []Reason{"rest", "meal", Personal, "training", "meeting", "other"}

// Personal is the reason that nobody else is told.
const Personal Reason = "personal"

// LongestBreak bounds what somebody may plan.
const LongestBreak = 8 * time.Hour

// Standings are what keeps people from work, as PostgreSQL knows it. Its Run must
// run on every node, and tells the node's board.
type Standings struct {
	db    *postgres.DB
	board *Board
	now   func() time.Time
	log   *slog.Logger
}

// NewStandings makes the standings of a board. now is PostgreSQL's time (postgres.Clock.Now).
func NewStandings(db *postgres.DB, board *Board, now func() time.Time, log *slog.Logger) *Standings {
	return &Standings{db: db, board: board, now: now, log: log}
}

// standings reads them: what stands first in states wins, of several the oldest.
// Without accounts it reads everybody's.
const standings = `SELECT DISTINCT ON (account_id) account_id, state, reason, since, until_at FROM (
		SELECT agent_id AS account_id, CASE WHEN over THEN 'after_call' ELSE 'call' END AS state, '' AS reason, since,
			CAST(NULL AS timestamptz) AS until_at, CASE WHEN over THEN 2 ELSE 1 END AS place FROM calls_at_hand
		UNION ALL
		SELECT account_id, 'break', reason, began_at, until_at, 3 FROM breaks WHERE ended_at IS NULL) s
	WHERE $1::bigint[] IS NULL OR account_id = ANY ($1) ORDER BY account_id, place, since`

func (s *Standings) read(ctx context.Context, accounts []int64) (map[int64]Standing, error) {
	rows, err := s.db.Pool.Query(ctx, standings, accounts)
	if err != nil {
		return nil, fmt.Errorf("read what keeps people from work: %w", err)
	}
	defer rows.Close()
	found := map[int64]Standing{}
	for rows.Next() {
		var id int64
		var st Standing
		if err := rows.Scan(&id, &st.State, &st.Reason, &st.Since, &st.Until); err != nil {
			return nil, fmt.Errorf("read what keeps people from work: %w", err)
		}
		found[id] = st
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what keeps people from work: %w", err)
	}
	for _, id := range accounts {
		if _, any := found[id]; !any {
			found[id] = Standing{}
		}
	}
	return found, nil
}

// look reads the standings of some accounts, of all without any, and tells the board.
func (s *Standings) look(ctx context.Context, accounts []int64) error {
	now, err := s.read(ctx, accounts)
	if err == nil {
		s.board.Stand(now, len(accounts) == 0)
	}
	return err
}

// Of is how an account stands now, by PostgreSQL, and whether it is here by the board.
func (s *Standings) Of(ctx context.Context, account int64) (p Person, here bool, err error) {
	if err := s.look(ctx, []int64{account}); err != nil {
		return Person{}, false, err
	}
	p, here = s.board.Person(account)
	return p, here, nil
}

// Pause begins a break, or changes the one that runs: its reason, and when its
// author means to be back; 0 leaves that open.
func (s *Standings) Pause(ctx context.Context, account int64, reason Reason, planned time.Duration) error {
	switch {
	case !slices.Contains(Reasons, reason):
		return ErrInvalid.Field("reason", "unknown_choice")
	case planned < 0 || planned > LongestBreak:
		return ErrInvalid.Field("minutes", "break_too_long")
	}
	now := s.now()
	var until *time.Time
	if planned > 0 {
		at := now.Add(planned)
		until = &at
	}
	err := s.db.Gorm.WithContext(ctx).Exec(`INSERT INTO breaks (account_id, reason, began_at, until_at) VALUES (@account, @reason, @now, @until)
		ON CONFLICT (account_id) WHERE ended_at IS NULL DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at`,
		map[string]any{"account": account, "reason": reason, "now": now, "until": until}).Error
	if err != nil {
		return fmt.Errorf("begin a break of account %d: %w", account, err)
	}
	return nil
}

// Resume ends the break that runs, if one does.
func (s *Standings) Resume(ctx context.Context, account int64) error {
	err := s.db.Gorm.WithContext(ctx).Exec("UPDATE breaks SET ended_at = ? WHERE account_id = ? AND ended_at IS NULL", s.now(), account).Error
	if err != nil {
		return fmt.Errorf("end the break of account %d: %w", account, err)
	}
	return nil
}
