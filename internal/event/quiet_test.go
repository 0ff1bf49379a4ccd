package event_test

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestQuietIsWhatNobodyEdited(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for i, kind := range []string{event.TicketOpened, event.TicketReplied, event.TicketDelivered, event.ClockWarned, event.TicketNoted, event.ClockBreached} {
		err := event.Append(db.Gorm, event.New{TicketID: 7, Version: i + 1, Kind: kind, Payload: struct{}{}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after, upto int
		want        bool
	}{
		{2, 2, true}, {2, 3, true}, {2, 4, true}, {3, 4, true}, {5, 6, true},
		{1, 2, false}, {2, 5, false}, {4, 6, false}, {6, 7, false}, {6, 5, false}, {0, 0, false}, {-3, 6, false},
	} {
		if got, err := event.Quiet(db.Gorm, 7, c.after, c.upto); err != nil || got != c.want {
			t.Errorf("from %d to %d: %v, %v", c.after, c.upto, got, err)
		}
	}
}
