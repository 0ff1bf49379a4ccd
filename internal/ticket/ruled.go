package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrViewSlow is a saved view that was given up so that it does not hold up the queue.
var ErrViewSlow = fault.New(fault.Unavailable, "view_too_slow")

// ruleTimeout bounds a page of a saved view: it walks the open tickets in the
// order asked for, and a rule that few of them meet walks far.
const ruleTimeout = 1500 * time.Millisecond

// ruled reads a page of a saved view under its own time limit.
func (l *list) ruled(ctx context.Context, db *gorm.DB) (rows []ranked, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(fmt.Sprintf("SET LOCAL statement_timeout = %d", ruleTimeout.Milliseconds())).Error; err != nil {
			return err
		}
		return tx.Raw(l.sql, l.args...).Scan(&rows).Error
	}, &sql.TxOptions{ReadOnly: true})
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "57014" && ctx.Err() == nil {
		return nil, ErrViewSlow.Because(err)
	}
	return rows, err
}
