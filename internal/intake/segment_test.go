package intake_test

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/sla"
)

// forCompanies gives companies an hour and everybody else what twoClocks gives.
type forCompanies struct{ twoClocks }

func (forCompanies) AskSegments() bool { return true }

func (forCompanies) Plan(d sla.Demand, at time.Time) []sla.NewClock {
	clocks := twoClocks{}.Plan(d, at)
	if d.Segment == "empresa" {
		clocks[0].Due, clocks[0].Why = at.Add(time.Hour), "segment=empresa"
	}
	return clocks
}

// Whom we know to be of a segment gets its deadlines with the first commit: in
// the answer, in the ticket's row, in its clock and in its opening event.
func TestADemandIsPlannedByTheSegmentOfItsCustomer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node(func(opt *intake.Options) { opt.Planner = forCompanies{} })
	take := func(email string) intake.Receipt {
		t.Helper()
		r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) { s.Email = email })))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := take("ana@empresa.example")
	o.exec("UPDATE customers SET segment = 'empresa' WHERE id = (SELECT customer_id FROM tickets WHERE id = $1)", first.TicketID)
	for email, hours := range map[string]int{"ana@empresa.example": 1, "bia@cliente.example": 4} {
		r := take(email)
		if n := o.count(`SELECT count(*) FROM tickets t JOIN clocks c ON c.ticket_id = t.id AND c.kind = 'first_response'
			JOIN events e ON e.ticket_id = t.id AND e.version = 1
			WHERE t.id = $1 AND c.due = t.opened_at + make_interval(hours => $2) AND t.next_due = c.due AND c.due = $3
			AND (e.payload->'row'->>'next_due')::timestamptz = c.due`, r.TicketID, hours, r.AnswerBy); n != 1 {
			t.Errorf("%s was not given %d h everywhere: %+v", email, hours, r)
		}
	}
}
