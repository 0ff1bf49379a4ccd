package retention

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
)

// chain is a sequence of proofs of which each holds the hash of the one before.
// What stands behind the ombudsman's wall has its own, so that neither its length
// nor its hashes tell the desk anything, and so has what accused somebody, which
// nobody is shown.
type chain string

const (
	deskChain   chain = "desk"
	officeChain chain = "office"
	sealedChain chain = "sealed"
)

func chainOf(au access.Audience) chain {
	switch {
	case au.Walled && au.Barred != "":
		return sealedChain
	case au.Walled:
		return officeChain
	}
	return deskChain
}

// Removal is what a proof says: what was removed, by which rule, when. It names
// nobody. It is stored, and hashed, to the letter.
type Removal struct {
	Seq       int64          `json:"seq"`
	Run       int64          `json:"run"`
	Subject   Subject        `json:"subject"`
	Team      *int64         `json:"team,omitempty"`
	Protocols []string       `json:"protocols,omitempty"` // they are never given again
	Channel   string         `json:"channel,omitempty"`
	Opened    *time.Time     `json:"opened,omitempty"` // or came in, or was attended
	Ended     *time.Time     `json:"ended,omitempty"`
	Kept      string         `json:"kept"` // the last day on which it had to be kept
	Rules     []Applied      `json:"rules"`
	Rows      map[string]int `json:"rows"` // by table
	Blobs     []string       `json:"blobs,omitempty"`
	At        time.Time      `json:"at"`
}

// Applied is a rule that decided, in the version that it had.
type Applied struct {
	Rule    string `json:"rule"`
	Version int    `json:"version"`
	Until   string `json:"until"`
}

// Proof is a removal with its place in its chain.
type Proof struct {
	Chain   string
	Content json.RawMessage // of a Removal, to the letter
	Hash    []byte          // SHA-256 of the hash before it, followed by the content
}

func applied(all []Kept) []Applied {
	list := make([]Applied, len(all))
	for i, k := range all {
		list[i] = Applied{Rule: k.Rule.Key, Version: k.Rule.Version}
		if k.Until != nil {
			list[i].Until = k.Until.String()
		}
	}
	return list
}

// prove adds a proof to its chain, in the transaction of the removal.
func (s *Service) prove(ctx context.Context, q asker, c chain, r Removal) error {
	var before []byte
	err := q.QueryRow(ctx, "SELECT seq + 1, hash FROM retention_chains WHERE chain = $1 FOR UPDATE", c).Scan(&r.Seq, &before)
	if err != nil {
		return fmt.Errorf("read the end of the proofs: %w", err)
	}
	r.At = s.Now().UTC().Truncate(time.Microsecond)
	content, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a proof: %w", err)
	}
	hash := follow(before, content)
	_, err = q.Exec(ctx, `WITH told AS (INSERT INTO retention_proofs (chain, seq, run_id, subject, team_id, content, at, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)) UPDATE retention_chains SET seq = $2, hash = $8 WHERE chain = $1`,
		c, r.Seq, r.Run, r.Subject, r.Team, string(content), r.At, hash)
	if err != nil {
		return fmt.Errorf("keep a proof: %w", err)
	}
	return nil
}

func follow(before, content []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(before), content...))
	return sum[:]
}

// Verified is whether the proofs are all there and as they were written.
type Verified struct {
	Whole bool
	Chain string // of the first that is missing or another, and its place
	Seq   int64
}

// Verify follows every chain from its beginning.
func Verify(ctx context.Context, q asker) (Verified, error) {
	return verify(ctx, q, []chain{deskChain, officeChain, sealedChain})
}

// Verify follows the chains that an actor may know of.
func (s *Service) Verify(ctx context.Context, actor access.Actor) (Verified, error) {
	return verify(ctx, s.DB.Pool, chains(actor))
}

func chains(actor access.Actor) []chain {
	if actor.Scope().Walled {
		return []chain{deskChain, officeChain}
	}
	return []chain{deskChain}
}

func verify(ctx context.Context, q asker, chains []chain) (Verified, error) {
	for _, c := range chains {
		v, err := followed(ctx, q, c)
		if err != nil || !v.Whole {
			return v, err
		}
	}
	return Verified{Whole: true}, nil
}

// followed reads the end first: what is added meanwhile comes after it.
func followed(ctx context.Context, q asker, c chain) (Verified, error) {
	var end int64
	var last, hash []byte
	if err := q.QueryRow(ctx, "SELECT seq, hash FROM retention_chains WHERE chain = $1", c).Scan(&end, &last); err != nil {
		return Verified{}, fmt.Errorf("read the end of the proofs: %w", err)
	}
	rows, err := q.Query(ctx, "SELECT seq, content, hash FROM retention_proofs WHERE chain = $1 AND seq <= $2 ORDER BY seq", c, end)
	if err != nil {
		return Verified{}, fmt.Errorf("read the proofs: %w", err)
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		var seq int64
		var content, told []byte
		if err := rows.Scan(&seq, &content, &told); err != nil {
			return Verified{}, fmt.Errorf("read the proofs: %w", err)
		}
		n++
		if hash = follow(hash, content); seq != n || !bytes.Equal(hash, told) {
			return Verified{Chain: string(c), Seq: n}, nil
		}
	}
	if err := rows.Err(); err != nil {
		return Verified{}, fmt.Errorf("read the proofs: %w", err)
	}
	if n != end || !bytes.Equal(hash, last) {
		return Verified{Chain: string(c), Seq: n + 1}, nil
	}
	return Verified{Whole: true}, nil
}

// Run is one round of purging, as far as its reader may know of it.
type Run struct {
	ID         int64
	AskedBy    *int64
	BegunAt    time.Time
	FinishedAt *time.Time
	Removed    map[Subject]int
}

// proofsOf are the proofs that an actor may know of, named p.
const proofsOf = `(p.chain = 'desk' AND (@sees_all OR p.team_id = ANY (CAST(@sees_teams AS bigint[]))) OR p.chain = 'office' AND @sees_walled)`

// Runs lists the newest rounds, at most a hundred.
func (s *Service) Runs(ctx context.Context, actor access.Actor) ([]Run, error) {
	return s.runs(ctx, actor, "true", map[string]any{})
}

func (s *Service) runs(ctx context.Context, actor access.Actor, where string, values map[string]any) ([]Run, error) {
	rows, err := s.DB.Pool.Query(ctx, `SELECT r.id, r.asked_by, r.begun_at, r.finished_at, coalesce(n.by, '{}')
		FROM (SELECT * FROM retention_runs r WHERE `+where+` ORDER BY id DESC LIMIT 100) r
		LEFT JOIN LATERAL (SELECT jsonb_object_agg(subject, n) AS by FROM (
		  SELECT p.subject, count(*) AS n FROM retention_proofs p WHERE p.run_id = r.id AND `+proofsOf+` GROUP BY p.subject) g) n ON true
		ORDER BY r.id DESC`, pgx.NamedArgs(actor.Scope().Named(values)))
	if err != nil {
		return nil, fmt.Errorf("list the rounds of purging: %w", err)
	}
	runs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Run, err error) {
		return r, row.Scan(&r.ID, &r.AskedBy, &r.BegunAt, &r.FinishedAt, &r.Removed)
	})
	if err != nil {
		return nil, fmt.Errorf("list the rounds of purging: %w", err)
	}
	return runs, nil
}

// Report is a round with its proofs, in order, for whoever keeps them elsewhere: at
// most a hundred thousand.
func (s *Service) Report(ctx context.Context, actor access.Actor, run int64) (Run, []Proof, error) {
	found, err := s.runs(ctx, actor, "r.id = @run", map[string]any{"run": run})
	if err != nil {
		return Run{}, nil, err
	}
	if len(found) == 0 {
		return Run{}, nil, ErrNoRun
	}
	rows, err := s.DB.Pool.Query(ctx, `SELECT p.chain, p.content, p.hash FROM retention_proofs p WHERE p.run_id = @run AND `+proofsOf+`
		ORDER BY p.chain, p.seq LIMIT 100000`, pgx.NamedArgs(actor.Scope().Named(map[string]any{"run": run})))
	if err != nil {
		return Run{}, nil, fmt.Errorf("read the proofs of round %d: %w", run, err)
	}
	proofs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Proof, err error) {
		var content string
		err = row.Scan(&p.Chain, &content, &p.Hash)
		p.Content = json.RawMessage(content)
		return p, err
	})
	if err != nil {
		return Run{}, nil, fmt.Errorf("read the proofs of round %d: %w", run, err)
	}
	return found[0], proofs, nil
}
