package retention

import "context"

// Looking is the query by which a round walks along what is over; Groups the one
// that reads what is to be known of some of it.
const (
	OverSQL    = overSQL
	GroupsSQL  = groups
	StraysSQL  = straysOver
	OriginsSQL = rawOver
	DueSQL     = dueRecordings
	HeardSQL   = recordings
)

// ReadOutline is what goes with a ticket.
func (s *Service) ReadOutline() (tables []string, err error) {
	o, err := readOutline(context.Background(), s.DB.Pool)
	for _, st := range o.steps {
		if st.goes {
			tables = append(tables, st.table)
		}
	}
	return tables, err
}
