package realtime

import "github.com/escuta-sac/escuta/internal/ticket"

// Counts is how many open tickets each stock view of somebody holds. What a view
// holds is package ticket's to say.
type Counts struct {
	Mine            int `json:"mine"`
	Unassigned      int `json:"unassigned"`
	Team            int `json:"team"`
	All             int `json:"all"`
	DueToday        int `json:"due_today"`
	Breached        int `json:"breached"`
	WaitingCustomer int `json:"waiting_customer"`
	Promised        int `json:"promised"`
	Reopened        int `json:"reopened"`
	Mentions        int `json:"mentions"`
	Unread          int `json:"unread"`
}

type part struct {
	name ticket.View
	n    int
}

func (c Counts) parts() [11]part {
	return [...]part{
		{ticket.ViewMine, c.Mine}, {ticket.ViewUnassigned, c.Unassigned}, {ticket.ViewTeam, c.Team},
		{ticket.ViewAll, c.All}, {ticket.ViewDueToday, c.DueToday}, {ticket.ViewBreached, c.Breached},
		{ticket.ViewWaitingCustomer, c.WaitingCustomer}, {ticket.ViewPromised, c.Promised}, {ticket.ViewReopened, c.Reopened},
		{ticket.ViewMentions, c.Mentions}, {ticket.ViewUnread, c.Unread},
	}
}
