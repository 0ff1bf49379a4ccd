package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	channel "github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ombudsman"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// cases is what these handlers need from package ombudsman, and no more.
type cases interface {
	Open(ctx context.Context, d channel.Submission) (intake.Receipt, error)
	See(ctx context.Context, actor access.Actor, ref string) (ombudsman.Case, error)
	List(ctx context.Context, actor access.Actor, ended bool, cursor string) ([]ombudsman.Row, string, error)
	Count(ctx context.Context, actor access.Actor) (ombudsman.Figures, error)
	AddPoint(ctx context.Context, actor access.Actor, id int64, body string) (ombudsman.Point, error)
	ChangePoint(ctx context.Context, actor access.Actor, id, point int64, c ombudsman.PointChange) error
	RemovePoint(ctx context.Context, actor access.Actor, id, point int64) error
	Write(ctx context.Context, actor access.Actor, id int64, body string, version int, review bool) error
	Return(ctx context.Context, actor access.Actor, id int64, remark string) error
	Sign(ctx context.Context, actor access.Actor, id int64, version int) (ticket.Message, error)
	Judge(ctx context.Context, actor access.Actor, id int64, v ombudsman.Verdict) error
	AskComplement(ctx context.Context, actor access.Actor, id int64, body string, days int) (ticket.Message, error)
	Accuse(ctx context.Context, actor access.Actor, id int64, accounts, teams []int64) error
	Recommend(ctx context.Context, actor access.Actor, id, team int64, body, due string) (ombudsman.Recommendation, error)
	Decide(ctx context.Context, actor access.Actor, id, recommendation int64, state ombudsman.Acceptance, reason string) error
	Ask(ctx context.Context, actor access.Actor, id, team int64, body string, due time.Time) (ombudsman.Request, error)
	Withdraw(ctx context.Context, actor access.Actor, id int64, request string) error
}

// caseRoutes are the calls of the ombudsman's office. They name a case by its
// ticket's id or protocol; what is hidden is absent.
type caseRoutes struct {
	db    *gorm.DB
	cases cases
	calls publicRoutes
}

// CaseRef names a case in an address.
type CaseRef struct {
	Case string `path:"case"`
}

// PartRef names something of a case.
type PartRef struct {
	CaseRef
	Part string `path:"part"`
}

type caseQuery struct {
	State  string `query:"state" enum:"open,ended" default:"open"`
	Cursor string `query:"cursor" maxLength:"20"`
}

// list handles GET /api/ombudsman/cases.
func (h caseRoutes) list(ctx context.Context, who access.Actor, in *caseQuery) (CasePage, error) {
	rows, next, err := h.cases.List(ctx, who, in.State == "ended", in.Cursor)
	page := CasePage{Items: itemsOf(rows, caseRow).Items}
	if next != "" {
		page.Next = &next
	}
	return page, err
}

// figures handles GET /api/ombudsman/figures.
func (h caseRoutes) figures(ctx context.Context, who access.Actor, _ *none) (CaseFigures, error) {
	f, err := h.cases.Count(ctx, who)
	return CaseFigures(f), err
}

type newCase struct {
	Body struct {
		Demand
		Way      string  `json:"way,omitempty" enum:"staff,phone,letter" default:"staff" doc:"How it came"`
		Accounts []int64 `json:"accused_accounts,omitempty" maxItems:"25" doc:"Whom it accuses: they never see it"`
		Teams    []int64 `json:"accused_teams,omitempty" maxItems:"25"`
	}
	Key string `header:"Idempotency-Key"`
}

// open handles POST /api/ombudsman/cases: somebody of the office writes down
// what came by them.
func (h caseRoutes) open(ctx context.Context, who access.Actor, in *newCase) (PublicReceipt, error) {
	sub := in.Body.submission(in.Key)
	if in.Body.Way != "" {
		sub.Way = channel.Way(in.Body.Way)
	} else {
		sub.Way = channel.Staff
	}
	sub.Barred = access.Bar(in.Body.Accounts, in.Body.Teams)
	if sub.Barred.Bars(who) {
		return PublicReceipt{}, ombudsman.ErrOutvoted
	}
	if err := partiesExist(ctx, h.db, in.Body.Accounts, in.Body.Teams); err != nil {
		return PublicReceipt{}, err
	}
	r, err := h.cases.Open(ctx, sub)
	if err != nil {
		return PublicReceipt{}, err
	}
	return h.calls.receipt(r), nil
}

// get handles GET /api/ombudsman/cases/{case}.
func (h caseRoutes) get(ctx context.Context, who access.Actor, in *CaseRef) (Case, error) {
	c, err := h.cases.See(ctx, who, in.Case)
	if err != nil {
		return Case{}, err
	}
	return caseBody(c), nil
}

// act performs fn on the case that is named and answers with what it is then.
func (h caseRoutes) act(ctx context.Context, who access.Actor, ref string, fn func(id int64) error) (Case, error) {
	t, err := ticket.See(ctx, h.db, who, ref)
	if err == nil && !t.Walled {
		err = ticket.ErrNotFound
	}
	if err == nil {
		err = fn(t.ID)
	}
	if err != nil {
		return Case{}, err
	}
	return h.get(ctx, who, &CaseRef{ref})
}

type addPoint struct {
	CaseRef
	Body struct {
		Body string `json:"body" minLength:"1" maxLength:"2000"`
	}
}

// addPoint handles POST /api/ombudsman/cases/{case}/points.
func (h caseRoutes) addPoint(ctx context.Context, who access.Actor, in *addPoint) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		_, err := h.cases.AddPoint(ctx, who, id, in.Body.Body)
		return err
	})
}

type changePoint struct {
	PartRef
	Body struct {
		Body   *string `json:"body,omitempty" minLength:"1" maxLength:"2000"`
		Answer *string `json:"answer,omitempty" maxLength:"10000" doc:"Empty takes the answer back"`
	}
}

// changePoint handles PATCH /api/ombudsman/cases/{case}/points/{part}.
func (h caseRoutes) changePoint(ctx context.Context, who access.Actor, in *changePoint) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		point, err := pathID(in.Part, ombudsman.ErrNotFound)
		if err != nil {
			return err
		}
		return h.cases.ChangePoint(ctx, who, id, point, ombudsman.PointChange{Body: in.Body.Body, Answer: in.Body.Answer})
	})
}

// removePoint handles DELETE /api/ombudsman/cases/{case}/points/{part}.
func (h caseRoutes) removePoint(ctx context.Context, who access.Actor, in *PartRef) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		point, err := pathID(in.Part, ombudsman.ErrNotFound)
		if err != nil {
			return err
		}
		return h.cases.RemovePoint(ctx, who, id, point)
	})
}

type writeDraft struct {
	CaseRef
	Body struct {
		Body    string `json:"body" minLength:"1" maxLength:"50000"`
		Version int    `json:"version" minimum:"0" doc:"The version that was seen; 0 for the first"`
		Review  bool   `json:"review,omitempty" doc:"Hand it over to be signed"`
	}
}

// write handles POST /api/ombudsman/cases/{case}/draft.
func (h caseRoutes) write(ctx context.Context, who access.Actor, in *writeDraft) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		return h.cases.Write(ctx, who, id, in.Body.Body, in.Body.Version, in.Body.Review)
	})
}

type returnDraft struct {
	CaseRef
	Body struct {
		Remark string `json:"remark" minLength:"1" maxLength:"2000"`
	}
}

// giveBack handles POST /api/ombudsman/cases/{case}/return.
func (h caseRoutes) giveBack(ctx context.Context, who access.Actor, in *returnDraft) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error { return h.cases.Return(ctx, who, id, in.Body.Remark) })
}

type signDraft struct {
	CaseRef
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that the signer has read"`
	}
}

// sign handles POST /api/ombudsman/cases/{case}/sign.
func (h caseRoutes) sign(ctx context.Context, who access.Actor, in *signDraft) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		_, err := h.cases.Sign(ctx, who, id, in.Body.Version)
		return err
	})
}

type judgeCase struct {
	CaseRef
	Body struct {
		Merit       string `json:"merit" enum:",founded,partly,unfounded"`
		Result      string `json:"result" enum:",solved,unsolved,unsolvable,withdrawn,duplicate,not_ours"`
		Consumer    string `json:"consumer_view,omitempty" enum:",solved,partly,unsolved"`
		ReversesSAC bool   `json:"reverses_sac,omitempty"`
	}
}

// judge handles POST /api/ombudsman/cases/{case}/verdict.
func (h caseRoutes) judge(ctx context.Context, who access.Actor, in *judgeCase) (Case, error) {
	b := in.Body
	return h.act(ctx, who, in.Case, func(id int64) error {
		return h.cases.Judge(ctx, who, id, ombudsman.Verdict{Merit: ombudsman.Merit(b.Merit), Result: ombudsman.Result(b.Result),
			Consumer: ombudsman.View(b.Consumer), ReversesSAC: b.ReversesSAC})
	})
}

type askComplement struct {
	CaseRef
	Body struct {
		Body string `json:"body" minLength:"1" maxLength:"50000"`
		Days int    `json:"days,omitempty" minimum:"1" maximum:"90" doc:"20 when left out"`
	}
}

// complement handles POST /api/ombudsman/cases/{case}/complement.
func (h caseRoutes) complement(ctx context.Context, who access.Actor, in *askComplement) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		_, err := h.cases.AskComplement(ctx, who, id, in.Body.Body, in.Body.Days)
		return err
	})
}

type accuse struct {
	CaseRef
	Body struct {
		Accounts []int64 `json:"accounts" maxItems:"25"`
		Teams    []int64 `json:"teams" maxItems:"25"`
	}
}

// accuse handles POST /api/ombudsman/cases/{case}/accused.
func (h caseRoutes) accuse(ctx context.Context, who access.Actor, in *accuse) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		return h.cases.Accuse(ctx, who, id, in.Body.Accounts, in.Body.Teams)
	})
}

type recommend struct {
	CaseRef
	Body struct {
		TeamID int64  `json:"team_id" minimum:"1"`
		Body   string `json:"body" minLength:"1" maxLength:"5000"`
		Due    string `json:"due" format:"date"`
	}
}

// recommend handles POST /api/ombudsman/cases/{case}/recommendations.
func (h caseRoutes) recommend(ctx context.Context, who access.Actor, in *recommend) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		_, err := h.cases.Recommend(ctx, who, id, in.Body.TeamID, in.Body.Body, in.Body.Due)
		return err
	})
}

type decide struct {
	PartRef
	Body struct {
		State  string `json:"state" enum:"pending,accepted,rejected,implemented"`
		Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Needed for a rejection"`
	}
}

// decide handles PATCH /api/ombudsman/cases/{case}/recommendations/{part}.
func (h caseRoutes) decide(ctx context.Context, who access.Actor, in *decide) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		part, err := pathID(in.Part, ombudsman.ErrNotFound)
		if err != nil {
			return err
		}
		return h.cases.Decide(ctx, who, id, part, ombudsman.Acceptance(in.Body.State), in.Body.Reason)
	})
}

type askArea struct {
	CaseRef
	Body struct {
		TeamID int64     `json:"team_id" minimum:"1"`
		Body   string    `json:"body" minLength:"1" maxLength:"10000" doc:"Written for the area: nobody's name, document or protocol"`
		Due    time.Time `json:"due"`
	}
}

// ask handles POST /api/ombudsman/cases/{case}/requests.
func (h caseRoutes) ask(ctx context.Context, who access.Actor, in *askArea) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error {
		_, err := h.cases.Ask(ctx, who, id, in.Body.TeamID, in.Body.Body, in.Body.Due)
		return err
	})
}

// withdraw handles DELETE /api/ombudsman/cases/{case}/requests/{part}.
func (h caseRoutes) withdraw(ctx context.Context, who access.Actor, in *PartRef) (Case, error) {
	return h.act(ctx, who, in.Case, func(id int64) error { return h.cases.Withdraw(ctx, who, id, in.Part) })
}

// partiesExist refuses an accusation of nobody before the case is opened.
func partiesExist(ctx context.Context, db *gorm.DB, accounts, teams []int64) error {
	var missing bool
	err := db.WithContext(ctx).Raw(`SELECT (SELECT count(*) FROM accounts WHERE id IN ?) < ? OR (SELECT count(*) FROM teams WHERE id IN ?) < ?`,
		append(accounts, 0), len(accounts), append(teams, 0), len(teams)).Scan(&missing).Error
	if err == nil && missing {
		err = ticket.Wrong("accused", "unknown_choice")
	}
	return err
}
