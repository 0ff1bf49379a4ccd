package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// Bare takes what leads to people out of the certificates that name these
// tickets, which are erased in the same transaction: why an extension was given
// and by whom. Figures, protocols and days stay, and so does the digest, by which
// a copy that was printed before is known (docs/adr/0020). It says how many
// certificates it changed.
func Bare(ctx context.Context, tx *gorm.DB, tickets []int64) (int, error) {
	var kept []struct {
		RegimeID int64
		Month    string
		Walled   bool
		Body     string
	}
	err := tx.WithContext(ctx).Raw(`SELECT regime_id, month::text AS month, walled, body::text AS body FROM extension_certificates
		WHERE (regime_id, month) IN (SELECT regime_id, month FROM clock_extensions WHERE ticket_id IN ?)
		ORDER BY regime_id, month, walled FOR UPDATE`, tickets).Scan(&kept).Error
	if err != nil {
		return 0, fmt.Errorf("read the certificates that name erased tickets: %w", err)
	}
	n := 0
	for _, k := range kept {
		var m Month
		if err := json.Unmarshal([]byte(k.Body), &m); err != nil {
			return n, fmt.Errorf("read the certificate of regime %d for %s: %w", k.RegimeID, k.Month, err)
		}
		names := false
		for i, x := range m.List {
			if slices.Contains(tickets, x.TicketID) {
				m.List[i].Reason, m.List[i].By, m.List[i].Erased, names = "", "", true, true
			}
		}
		if !names {
			continue
		}
		body, _, err := seal(m)
		if err == nil {
			err = tx.WithContext(ctx).Exec("UPDATE extension_certificates SET body = ?::json WHERE regime_id = ? AND month = ?::date AND walled = ?",
				body, k.RegimeID, k.Month, k.Walled).Error
		}
		if err != nil {
			return n, fmt.Errorf("bare the certificate of regime %d for %s: %w", k.RegimeID, k.Month, err)
		}
		n++
	}
	return n, nil
}
