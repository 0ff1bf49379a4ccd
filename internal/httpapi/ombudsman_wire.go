package httpapi

import (
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/ombudsman"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// CaseRow is a case as the office's list shows it.
type CaseRow struct {
	TicketID        int64         `json:"ticket_id"`
	Protocol        string        `json:"protocol"`
	Subject         string        `json:"subject"`
	CustomerName    string        `json:"customer_name"`
	Kind            string        `json:"kind"`
	Status          ticket.Status `json:"status" enum:"new,open,waiting_customer,waiting_third,resolved,closed"`
	Confidentiality string        `json:"confidentiality" enum:"open,protected,anonymous"`
	Way             string        `json:"way" enum:"site,staff,phone,letter,mail,import"`
	SACProtocol     string        `json:"sac_protocol"`
	SACTicketID     *int64        `json:"sac_ticket_id"`
	Merit           string        `json:"merit" enum:",founded,partly,unfounded"`
	Result          string        `json:"result" enum:",solved,unsolved,unsolvable,withdrawn,duplicate,not_ours"`
	ReversesSAC     bool          `json:"reverses_sac"`
	Draft           string        `json:"draft" enum:",draft,review,signed"`
	Points          int           `json:"points"`
	PointsOpen      int           `json:"points_open"`
	RequestsOpen    int           `json:"requests_open"`
	NextDue         *time.Time    `json:"next_due"`
	NextClock       string        `json:"next_clock"`
	NextFrom        *time.Time    `json:"next_from"`
	NextWarn        *time.Time    `json:"next_warn"`
	Paused          string        `json:"paused"`
	Breached        bool          `json:"breached"`
	ComplementDue   *time.Time    `json:"complement_due"`
	ArchivedAt      *time.Time    `json:"archived_at" doc:"Ended without a conclusive answer"`
	ConcludedAt     *time.Time    `json:"concluded_at"`
	OpenedAt        time.Time     `json:"opened_at"`
}

// CasePage is one page of the office's list.
type CasePage struct {
	Items []CaseRow `json:"items"`
	Next  *string   `json:"next"`
}

func caseRow(r ombudsman.Row) CaseRow {
	return CaseRow{r.TicketID, r.Protocol, r.Subject, r.CustomerName, r.Kind, r.Status, r.Confidentiality, r.Way, r.SacProtocol,
		r.SacTicketID, string(r.Merit), string(r.Result), r.ReversesSac, string(r.Draft), r.Points, r.PointsOpen, r.RequestsOpen,
		r.NextDue, r.NextClock, r.NextFrom, r.NextWarn, r.Paused, r.Breached, r.ComplementDue, r.ArchivedAt, r.ConcludedAt, r.OpenedAt}
}

// CaseFigures count the cases that the reader sees.
type CaseFigures struct {
	Open                   int `json:"open"`
	Overdue                int `json:"overdue"`
	InReview               int `json:"in_review"`
	WaitingComplement      int `json:"waiting_complement"`
	Concluded              int `json:"concluded"`
	Archived               int `json:"archived"`
	Founded                int `json:"founded"`
	Partly                 int `json:"partly"`
	Unfounded              int `json:"unfounded"`
	Reversals              int `json:"reversals" doc:"Of the SAC's decisions"`
	RecommendationsPending int `json:"recommendations_pending"`
	RecommendationsTaken   int `json:"recommendations_taken"`
}

// Case is all that the office knows of a case.
type Case struct {
	Ticket          TicketRow            `json:"ticket"`
	Regime          string               `json:"regime"`
	Way             string               `json:"way" enum:"site,staff,phone,letter,mail,import"`
	Source          string               `json:"source"`
	ExternalID      string               `json:"external_id"`
	Confidentiality string               `json:"confidentiality" enum:"open,protected,anonymous"`
	From            map[string]string    `json:"from" doc:"Who the demandant said to be, by kind of identity"`
	SACProtocol     string               `json:"sac_protocol" doc:"As it was told"`
	SAC             *CaseSAC             `json:"sac" doc:"The ticket it leads to, null when none"`
	Merit           string               `json:"merit" enum:",founded,partly,unfounded"`
	Result          string               `json:"result" enum:",solved,unsolved,unsolvable,withdrawn,duplicate,not_ours"`
	ConsumerView    string               `json:"consumer_view" enum:",solved,partly,unsolved"`
	ReversesSAC     bool                 `json:"reverses_sac"`
	ComplementAt    *time.Time           `json:"complement_at"`
	ComplementDue   *time.Time           `json:"complement_due"`
	ArchivedAt      *time.Time           `json:"archived_at"`
	ConcludedAt     *time.Time           `json:"concluded_at"`
	ConcludedBy     *int64               `json:"concluded_by"`
	Points          []CasePoint          `json:"points"`
	Draft           *CaseDraft           `json:"draft"`
	AccusedAccounts []CaseParty          `json:"accused_accounts"`
	AccusedTeams    []CaseParty          `json:"accused_teams"`
	Recommendations []CaseRecommendation `json:"recommendations"`
	Requests        []CaseRequest        `json:"requests"`
	Trail           []CaseTrace          `json:"trail"`
}

// CaseSAC is the first instance's ticket.
type CaseSAC struct {
	TicketID   int64         `json:"ticket_id"`
	Protocol   string        `json:"protocol"`
	Subject    string        `json:"subject"`
	Status     ticket.Status `json:"status" enum:"new,open,waiting_customer,waiting_third,resolved,closed"`
	OpenedAt   time.Time     `json:"opened_at"`
	ResolvedAt *time.Time    `json:"resolved_at"`
}

// CasePoint is one thing the demand asks.
type CasePoint struct {
	ID         int64      `json:"id"`
	Body       string     `json:"body"`
	Answer     string     `json:"answer"`
	AnsweredBy *int64     `json:"answered_by"`
	AnsweredAt *time.Time `json:"answered_at"`
}

// CaseDraft is the answer in preparation.
type CaseDraft struct {
	Body      string    `json:"body"`
	State     string    `json:"state" enum:"draft,review,signed"`
	AuthorID  int64     `json:"author_id" doc:"Does not sign it"`
	Author    string    `json:"author"`
	Remark    string    `json:"remark"`
	Version   int       `json:"version"`
	UpdatedAt time.Time `json:"updated_at"`
}

// CaseParty is an account or a team that is accused.
type CaseParty struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// CaseRecommendation is what an area is asked to change.
type CaseRecommendation struct {
	ID        int64      `json:"id"`
	TeamID    int64      `json:"team_id"`
	Team      string     `json:"team"`
	Body      string     `json:"body"`
	Due       string     `json:"due"`
	State     string     `json:"state" enum:"pending,accepted,rejected,implemented"`
	Reason    string     `json:"reason"`
	CreatedAt time.Time  `json:"created_at"`
	DecidedAt *time.Time `json:"decided_at"`
}

// CaseRequest is what an area is asked, as the office sees it.
type CaseRequest struct {
	ID         string     `json:"id"`
	TeamID     int64      `json:"team_id"`
	Team       string     `json:"team"`
	Body       string     `json:"body"`
	Due        time.Time  `json:"due"`
	State      string     `json:"state" enum:"open,answered,withdrawn"`
	Answer     string     `json:"answer"`
	AnsweredBy string     `json:"answered_by"`
	AnsweredAt *time.Time `json:"answered_at"`
	AskedAt    time.Time  `json:"asked_at"`
}

// CaseTrace is one line of the case's trail.
type CaseTrace struct {
	Act  string         `json:"act"`
	Name string         `json:"name" doc:"Empty when time did it"`
	Data map[string]any `json:"data"`
	At   time.Time      `json:"at"`
}

func caseBody(c ombudsman.Case) Case {
	out := Case{Ticket: rowBody(c.Ticket.Snapshot()), Regime: c.Regime, Way: c.Way, Source: c.Source, ExternalID: c.ExternalID,
		Confidentiality: c.Confidentiality, From: c.From, SACProtocol: c.SACProtocol,
		Merit: string(c.Verdict.Merit), Result: string(c.Verdict.Result), ConsumerView: string(c.Verdict.Consumer), ReversesSAC: c.Verdict.ReversesSAC,
		ComplementAt: c.ComplementAt, ComplementDue: c.ComplementDue, ArchivedAt: c.ArchivedAt, ConcludedAt: c.ConcludedAt, ConcludedBy: c.ConcludedBy,
		Points:          itemsOf(c.Points, func(p ombudsman.Point) CasePoint { return CasePoint(p) }).Items,
		AccusedAccounts: itemsOf(c.Accused.Accounts, func(p ombudsman.Party) CaseParty { return CaseParty(p) }).Items,
		AccusedTeams:    itemsOf(c.Accused.Teams, func(p ombudsman.Party) CaseParty { return CaseParty(p) }).Items,
		Recommendations: itemsOf(c.Recommendations, recommendationBody).Items,
		Requests:        itemsOf(c.Requests, func(r ombudsman.Request) CaseRequest { return CaseRequest(r) }).Items,
		Trail: itemsOf(c.Trail, func(t ombudsman.Trace) CaseTrace {
			return CaseTrace{t.Act, t.Name, objectOf(json.RawMessage(t.Data)), t.At}
		}).Items,
	}
	if s := c.SAC; s != nil {
		out.SAC = &CaseSAC{s.TicketID, s.Protocol, s.Subject, s.Status, s.OpenedAt, s.ResolvedAt}
	}
	if d := c.Draft; d != nil {
		out.Draft = &CaseDraft{d.Body, string(d.State), d.AuthorID, d.Author, d.Remark, d.Version, d.UpdatedAt}
	}
	return out
}

func recommendationBody(r ombudsman.Recommendation) CaseRecommendation {
	return CaseRecommendation{r.ID, r.TeamID, r.Team, r.Body, r.Due, string(r.State), r.Reason, r.CreatedAt, r.DecidedAt}
}
