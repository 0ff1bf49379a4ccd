package ticket

// Turn is who has to act before a ticket can go on.
type Turn string

// The turns. Nothing stands still because it is not ours: what a clock does is
// decided by the status alone.
const (
	OurTurn       Turn = "us"
	AreaTurn      Turn = "area" // of the company, or somebody outside of it
	CustomersTurn Turn = "customer"
	NobodysTurn   Turn = "none" // resolved or closed
)

// Turn says whose turn it is. A customer who was asked comes before an area that
// was: what they say may change what the area has to answer.
func (t Ticket) Turn() Turn {
	switch {
	case !t.Status.IsOpen():
		return NobodysTurn
	case t.Status == WaitingCustomer:
		return CustomersTurn
	case t.Status == WaitingThird, t.AskedArea != "":
		return AreaTurn
	}
	return OurTurn
}

// turnColumn is Turn of a ticket t as SQL.
const turnColumn = `(CASE WHEN t.status IN ('resolved', 'closed') THEN 'none' WHEN t.status = 'waiting_customer' THEN 'customer'
	WHEN t.status = 'waiting_third' OR t.asked_area <> '' THEN 'area' ELSE 'us' END)`

func (t Ticket) turnArea() string {
	if t.Turn() != AreaTurn {
		return ""
	}
	return t.AskedArea
}
