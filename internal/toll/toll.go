// Package toll asks a sender's machine for a little work before it takes more
// from an address that has sent much. It is our own instead of a stranger's
// puzzle: no person is asked anything, and nobody else learns who writes to us.
//
// A challenge is stateless: it carries what was asked of whom until when, under
// a signature. Its solution is a number that, appended to it, has a SHA-256 with
// so many leading zero bits. Only a solution is remembered, until it expires, so
// that each is good once.
package toll

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrRefused is a solution that is none, not for this sender, late, or used.
var ErrRefused = fault.New(fault.TooMany, "proof_refused")

// How hard a challenge can be, in bits: 16 take a phone a fraction of a second,
// 22 about ten seconds.
const (
	Easiest = 16
	Hardest = 22
)

// Life is how long a challenge may be worked on.
const Life = 10 * time.Minute

// Gate makes challenges and takes their solutions.
type Gate struct {
	key []byte
	db  *gorm.DB
	now func() time.Time
	log *slog.Logger
}

// New makes a gate whose challenges are signed with a key derived from secret.
// All nodes need the same one.
func New(secret []byte, db *gorm.DB, now func() time.Time, log *slog.Logger) *Gate {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("escuta toll"))
	return &Gate{m.Sum(nil), db, now, log}
}

const (
	idSize   = 16
	bodySize = idSize + 8 + 1 // id, expiry in seconds, bits
	macSize  = 16
)

// Challenge asks whoever who is for work of this many bits.
func (g *Gate) Challenge(who string, difficulty int) string {
	body := make([]byte, bodySize, bodySize+macSize)
	rand.Read(body[:idSize])
	binary.BigEndian.PutUint64(body[idSize:], uint64(g.now().Add(Life).Unix()))
	body[bodySize-1] = byte(min(max(difficulty, 1), Hardest))
	return base64.RawURLEncoding.EncodeToString(append(body, g.mac(body, who)...))
}

// Pay takes a solution: the challenge, a point, and the number that solves it.
// PostgreSQL decides whether it comes for the first time. That costs one insert
// for some work done, so nothing faster is needed, and nothing is lost with Redis.
func (g *Gate) Pay(ctx context.Context, who, solution string) error {
	challenge, number, _ := strings.Cut(solution, ".")
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(raw) != bodySize+macSize || len(number) > 20 {
		return ErrRefused
	}
	if _, err := strconv.ParseUint(number, 10, 64); err != nil {
		return ErrRefused
	}
	body := raw[:bodySize]
	expires := time.Unix(int64(binary.BigEndian.Uint64(body[idSize:])), 0)
	if !hmac.Equal(raw[bodySize:], g.mac(body, who)) || g.now().After(expires) || !solves(solution, int(body[bodySize-1])) {
		return ErrRefused
	}
	paid := g.db.WithContext(ctx).Exec("INSERT INTO tolls_paid (id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
		base64.RawURLEncoding.EncodeToString(body[:idSize]), expires)
	if paid.Error != nil {
		return fmt.Errorf("remember a proof of work: %w", paid.Error)
	}
	if paid.RowsAffected == 0 {
		return ErrRefused
	}
	return nil
}

// Forget drops what has expired.
func (g *Gate) Forget(ctx context.Context) error {
	if err := g.db.WithContext(ctx).Exec("DELETE FROM tolls_paid WHERE expires_at < ?", g.now()).Error; err != nil {
		return fmt.Errorf("forget proofs of work: %w", err)
	}
	return nil
}

// forgetEach is how often Run forgets: what is remembered is small, and of no use
// after its life.
const forgetEach = Life

// Run forgets now and then until ctx ends. Nodes may do it at once.
func (g *Gate) Run(ctx context.Context) error {
	tick := time.NewTicker(forgetEach)
	defer tick.Stop()
	for {
		if err := g.Forget(ctx); err != nil && ctx.Err() == nil {
			g.log.WarnContext(ctx, "proofs of work are forgotten later", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (g *Gate) mac(body []byte, who string) []byte {
	m := hmac.New(sha256.New, g.key)
	m.Write(body)
	m.Write([]byte(who))
	return m.Sum(nil)[:macSize]
}

func solves(solution string, difficulty int) bool {
	sum := sha256.Sum256([]byte(solution))
	return bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:8])) >= difficulty
}

// Solve works a challenge out, as a customer's browser does. It is for programs
// and tests of ours.
func Solve(challenge string, difficulty int) string {
	for n := uint64(0); ; n++ {
		if s := challenge + "." + strconv.FormatUint(n, 10); solves(s, difficulty) {
			return s
		}
	}
}
