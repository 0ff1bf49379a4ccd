package intake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// Tokens derives what lets a customer at one ticket. Nothing is stored: a replay
// of a submission gets the very same link, and a stolen dump of the tickets
// opens none of them without the installation's secret.
type Tokens struct{ secret []byte }

// LoadTokens reads the installation's secret.
func LoadTokens(ctx context.Context, db *postgres.DB) (*Tokens, error) {
	var t Tokens
	if err := db.Pool.QueryRow(ctx, `SELECT secret FROM installation`).Scan(&t.secret); err != nil {
		return nil, fmt.Errorf("read the secret of the installation: %w", err)
	}
	return &t, nil
}

// Permanent is the token of a ticket's own link, told to whoever opened it.
func (t *Tokens) Permanent(ticketID int64, protocol string) string {
	return t.sign("ticket", ticketID, protocol, "")
}

// Until is a token that ends, for somebody who has proved to be the customer.
func (t *Tokens) Until(ticketID int64, protocol string, end time.Time) string {
	seconds := strconv.FormatInt(end.Unix(), 36)
	return seconds + "." + t.sign("access", ticketID, protocol, seconds)
}

// Valid reports whether a token of either kind opens this ticket under this
// protocol now. It takes as long for a wrong one as for a right one.
func (t *Tokens) Valid(token string, ticketID int64, protocol string, now time.Time) bool {
	if len(token) > 100 {
		return false
	}
	seconds, signature, ends := strings.Cut(token, ".")
	want := ""
	if ends {
		want = t.sign("access", ticketID, protocol, seconds)
	} else {
		signature, want = token, t.Permanent(ticketID, protocol)
	}
	if !hmac.Equal([]byte(signature), []byte(want)) {
		return false
	}
	if !ends {
		return true
	}
	end, err := strconv.ParseInt(seconds, 36, 64) // ours: the signature covers it
	return err == nil && now.Before(time.Unix(end, 0))
}

// sign covers the purpose first, so that no signature serves two.
func (t *Tokens) sign(purpose string, ticketID int64, protocol, seconds string) string {
	mac := hmac.New(sha256.New, t.secret)
	fmt.Fprintf(mac, "%s|%d|%s|%s", purpose, ticketID, protocol, seconds)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
