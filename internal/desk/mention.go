package desk

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// mention finds whom a note names. Who may not see the ticket is not told of it,
// and whoever writes learns nothing from that: the name just stays a word.
func mention(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, n ticket.Note) ([]int64, error) {
	if !strings.ContainsRune(n.Body, '@') {
		return nil, nil
	}
	var people []ticket.Named
	if err := tx.WithContext(ctx).Raw("SELECT id, name FROM accounts WHERE active").Scan(&people).Error; err != nil {
		return nil, fmt.Errorf("read who can be named: %w", err)
	}
	var told []int64
	for _, id := range ticket.NamesIn(n.Body, people) {
		who, err := colleague(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if who.MaySee(t.Audience()) {
			told = append(told, id)
		}
	}
	return t.Mention(ctx, tx, n, told)
}

// Look notes that the actor has a ticket open as it is at a version, and gives
// what they had seen before.
func (s *Service) Look(ctx context.Context, actor access.Actor, id int64, version int) (was ticket.Read, err error) {
	changed := false
	err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		was, changed, err = ticket.Look(ctx, tx, actor, id, version, s.now())
		return err
	})
	if changed {
		s.poke.Poke()
	}
	return was, err
}
