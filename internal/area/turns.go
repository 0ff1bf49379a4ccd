package area

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Stretch is a time in which it was one party's turn.
type Stretch struct {
	From, To time.Time
	Turn     ticket.Turn
	Area     string // which, when it was an area's; empty for somebody outside
}

// Total is how long one party had in all: whole time, and within the opening
// hours of its calendar.
type Total struct {
	Turn     ticket.Turn
	Area     string
	Whole    time.Duration
	Business time.Duration
	Calendar string
}

// Ledger is where the time of a ticket went, from its opening to its end, or until
// now. Stretches follow each other without a gap; what lies between being resolved
// and being reopened is nobody's.
type Ledger struct {
	Stretches []Stretch
	Sums      []Total // in the order of their first stretch
	Until     time.Time
}

// Moment is what an event tells of a turn.
type Moment struct {
	At   time.Time
	Turn ticket.Turn
	Area string
}

// Stretches turns what events told, in order of version, into stretches up to now.
// An event of another node may carry a time before the one it follows: it counts
// from that one on.
func Stretches(moments []Moment, now time.Time) (all []Stretch) {
	for _, m := range moments {
		if n := len(all); n > 0 {
			last := &all[n-1]
			if m.At.Before(last.From) {
				m.At = last.From
			}
			if last.Turn == m.Turn && last.Area == m.Area {
				continue
			}
			last.To = m.At
			if !last.To.After(last.From) { // it lasted no time at all
				all = all[:n-1]
				if k := len(all); k > 0 && all[k-1].Turn == m.Turn && all[k-1].Area == m.Area {
					continue
				}
			}
		}
		all = append(all, Stretch{From: m.At, Turn: m.Turn, Area: m.Area})
	}
	if n := len(all); n > 0 {
		last := &all[n-1]
		last.To = now
		if last.Turn == ticket.NobodysTurn || !last.To.After(last.From) {
			all = all[:n-1]
		}
	}
	return all
}

// Turns computes the ledger of a ticket from its events, from scratch.
func (s *Service) Turns(ctx context.Context, ticketID int64) (Ledger, error) {
	var rows []struct {
		At     time.Time
		Status ticket.Status
		Turn   *string
		Area   *string
	}
	err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT at, payload->'row'->>'status' AS status, payload->'row'->>'turn' AS turn,
		payload->'row'->>'turn_area' AS area FROM events WHERE ticket_id = ? ORDER BY version`, ticketID).Scan(&rows).Error
	if err != nil {
		return Ledger{}, fmt.Errorf("read whose turn ticket %d was: %w", ticketID, err)
	}
	moments := make([]Moment, len(rows))
	for i, r := range rows {
		moments[i] = Moment{At: r.At, Turn: ticket.Ticket{Status: r.Status}.Turn()} // as it was told before turns were
		if r.Turn != nil {
			moments[i].Turn = ticket.Turn(*r.Turn)
		}
		if r.Area != nil {
			moments[i].Area = *r.Area
		}
	}
	l := Ledger{Until: s.Now()}
	l.Stretches = Stretches(moments, l.Until)
	if n := len(l.Stretches); n > 0 {
		l.Until = l.Stretches[n-1].To
	}
	l.Sums, err = s.sums(ctx, ticketID, l.Stretches)
	return l, err
}

func (s *Service) sums(ctx context.Context, ticketID int64, all []Stretch) ([]Total, error) {
	var asked []struct{ Area, Calendar string }
	err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT DISTINCT a.name AS area, r.calendar FROM area_requests r JOIN areas a ON a.id = r.area_id
		WHERE r.ticket_id = ?`, ticketID).Scan(&asked).Error
	if err != nil {
		return nil, fmt.Errorf("read by which calendars ticket %d asks: %w", ticketID, err)
	}
	calendars := map[string]string{}
	for _, a := range asked {
		calendars[a.Area] = a.Calendar
	}
	var sums []Total
	at := map[[2]string]int{}
	for _, st := range all {
		key := [2]string{string(st.Turn), st.Area}
		i, known := at[key]
		if !known {
			i = len(sums)
			at[key] = i
			id := calendars[st.Area]
			if id == "" {
				id = sla.CalendarBR
			}
			sums = append(sums, Total{Turn: st.Turn, Area: st.Area, Calendar: id})
		}
		sums[i].Whole += st.To.Sub(st.From)
		c, err := s.Calendars.Get(sums[i].Calendar)
		if err != nil {
			return nil, err
		}
		sums[i].Business += c.Between(st.From, st.To)
	}
	return sums, nil
}
