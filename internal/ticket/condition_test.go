package ticket_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
)

// The condition that other parts put into their statements lets through what
// MaySee does, by GORM and by pgx.
func TestTheConditionIsWhatTheActorMaySee(t *testing.T) {
	t.Parallel()
	db, all, actors := desk(t)
	const statement = "SELECT t.id FROM tickets t WHERE " + access.Condition + " ORDER BY t.id"
	for _, actor := range actors {
		want := []int64{}
		for _, tk := range all {
			if actor.MaySee(tk.Audience()) {
				want = append(want, tk.ID)
			}
		}
		slices.Sort(want)
		byGorm := []int64{}
		if err := db.Gorm.WithContext(t.Context()).Raw(statement, actor.Scope().Named(map[string]any{})).Scan(&byGorm).Error; err != nil {
			t.Fatal(err)
		}
		rows, err := db.Pool.Query(t.Context(), statement, pgx.NamedArgs(actor.Scope().Named(map[string]any{})))
		if err != nil {
			t.Fatal(err)
		}
		byPgx, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(byGorm, want) || !slices.Equal(byPgx, want) {
			t.Errorf("%s of %v:\n gorm %v\n  pgx %v\n want %v", actor.Role, actor.Teams, byGorm, byPgx, want)
		}
	}
}
