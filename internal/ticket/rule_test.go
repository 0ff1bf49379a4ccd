package ticket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestARuleHoldsInMemoryWhatItHoldsInSQL(t *testing.T) {
	t.Parallel()
	db, _, actors := desk(t)
	incident := fmt.Sprint(tickettest.Incident(t, db, "Centro de distribuição parado"))
	if err := db.Gorm.Exec(`UPDATE tickets SET tags = CASE id % 3 WHEN 0 THEN '{vip}' WHEN 1 THEN '{estorno,vip}' ELSE '{}' END::text[],
		reason_id = CASE WHEN id % 4 > 0 THEN 1 + id % 40 END, kind = CASE WHEN id % 5 = 0 THEN 'elogio' ELSE 'reclamacao' END,
		priority = 1 + id % 4, legal_priority = id % 4, asked_area = CASE WHEN id % 7 = 0 THEN 'Entregas' ELSE '' END,
		incident_id = CASE WHEN id % 6 = 0 AND NOT walled THEN ?::bigint END,
		subject = (?::text[])[1 + id % ?]`, incident, "{"+strings.Join(tickettest.Subjects, ",")+"}", len(tickettest.Subjects)).Error; err != nil {
		t.Fatal(err)
	}
	reasons, err := ticket.Reasons(t.Context(), db.Gorm)
	if err != nil {
		t.Fatal(err)
	}
	var all []ticket.Ticket
	var ids []int64
	if err := db.Gorm.Raw("SELECT id FROM tickets WHERE open").Scan(&ids).Error; err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		tk, err := ticket.ByID(t.Context(), db.Gorm, id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tk)
	}
	var teams, accounts []string
	for _, a := range actors {
		accounts = append(accounts, fmt.Sprint(a.AccountID))
		for _, team := range a.Teams {
			teams = append(teams, fmt.Sprint(team))
		}
	}
	now := noon.In(saoPaulo).Add(20 * time.Second)
	rapid.Check(t, func(rt *rapid.T) {
		rule := tickettest.Rule(rt, tickettest.Named{Teams: teams, Accounts: accounts, Reasons: []string{"1", "2", "40", "9999"}, Incidents: []string{incident}})
		if err := rule.Check(); err != nil {
			rt.Fatalf("%+v: %v", rule, err)
		}
		actor := rapid.SampledFrom(actors).Draw(rt, "actor")
		bound := rule.Bind(actor, reasons)
		var want []ticket.Snapshot
		for _, tk := range all {
			facts := tk.Snapshot().Facts()
			if actor.MaySee(tk.Audience()) && bound.Holds(&facts, ticket.RuleTime(now).UnixMicro()) {
				want = append(want, tk.Snapshot())
			}
		}
		sort := rapid.SampledFrom([]ticket.Sort{ticket.SortDue, ticket.SortWaiting, ticket.SortNewest}).Draw(rt, "sort")
		slices.SortFunc(want, orders[sort])
		got, err := walk(t.Context(), db, ticket.Query{Actor: actor, Now: now, Rule: bound, Sort: sort, Limit: 70})
		if err != nil || !slices.Equal(got, idsOf(want)) {
			rt.Fatalf("%+v for %s: %v\n got %v\nwant %v", rule, actor.Role, err, got, idsOf(want))
		}
		text, err := json.Marshal(rule)
		if err != nil {
			rt.Fatal(err)
		}
		if again, err := ticket.ParseRule(text); err != nil || !reflect.DeepEqual(again, rule) {
			rt.Fatalf("%s is read as %+v, %v", text, again, err)
		}
	})
}

func TestARuleThatMeansNothingIsRefusedAtItsPlace(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 6) + `{"field":"brand","op":"in","values":["1"]}` + strings.Repeat(`}`, 6)
	many := `{"all":[` + strings.TrimSuffix(strings.Repeat(`{"field":"brand","op":"in","values":["1"]},`, 61), ",") + `]}`
	for text, field := range map[string]string{
		``:                             "rule",
		`null`:                         "rule",
		`[]`:                           "rule",
		`{}`:                           "rule",
		`{"all":[]}`:                   "rule.all",
		`{"surprise":1}`:               "rule",
		`{"field":"password"}`:         "rule.field",
		`{"field":"status"}`:           "rule.op",
		`{"field":"status","op":"in"}`: "rule.values",
		`{"field":"status","op":"in","values":["closed"]}`:                                               "rule.values",
		`{"field":"status","op":"in","values":["open"]} {}`:                                              "rule",
		`{"field":"status","op":"in","values":["open"],"all":[{"field":"due"}]}`:                         "rule",
		`{"all":[{"field":"team","op":"in","values":["1"]},{"field":"team","op":"in","values":["01"]}]}`: "rule.all[1].values",
		`{"field":"assignee","op":"in","values":["1); DROP TABLE tickets"]}`:                             "rule.values",
		`{"field":"subject","op":"in","values":["a"]}`:                                                   "rule.values",
		`{"field":"subject","op":"in","values":["boleto ","boleto"]}`:                                    "rule.values",
		`{"field":"subject","op":"within","minutes":5}`:                                                  "rule.op",
		`{"field":"tag","op":"in","values":["VIP "]}`:                                                    "rule.values",
		`{"field":"due","op":"in","minutes":5}`:                                                          "rule.op",
		`{"field":"due","op":"within","minutes":-5}`:                                                     "rule.minutes",
		`{"not":{"field":"due","op":"within","values":["x"]}}`:                                           "rule.not.values",
		deep: "rule.not.not.not.not.not",
		many: "rule",
		`{"field":"tag","op":"in","values":["` + strings.Repeat("x", 20_000) + `"]}`: "rule",
	} {
		_, err := ticket.ParseRule([]byte(text))
		if f := fault.From(err); !errors.Is(err, ticket.ErrInvalid) || len(f.Details) != 1 || f.Details[0].Field != field {
			t.Errorf("%.80s: %v, want the field %s", text, f.Details, field)
		}
	}
}

// A rule is checked as it is kept: whatever is within its bounds can be read again.
func TestARuleThatIsAcceptedCanBeReadAgain(t *testing.T) {
	phrase := func(n int) string { return fmt.Sprintf("%02d", n) + strings.Repeat(`"`, 58) }
	for name, value := range map[string]func(n int) (field, value string){
		"numbers": func(n int) (string, string) { return "team", strconv.Itoa(1<<62 + n) },
		"phrases": func(n int) (string, string) { return "subject", phrase(n) },
	} {
		var rule ticket.Rule
		n := 0
		for rule.Check() == nil || n == 0 {
			if text, err := json.Marshal(rule); n > 0 && err == nil {
				if _, err := ticket.ParseRule(text); err != nil {
					t.Fatalf("%s, %d of them: %v", name, n, err)
				}
			}
			field, v := value(n)
			rule.All = append(rule.All, ticket.Rule{Field: field, Op: ticket.RuleIn, Values: []string{v}})
			if n++; n > 10 && n < 60 { // as many values in a part as it may have
				last := &rule.All[len(rule.All)-1]
				for i := range 40 {
					if _, v := value(100*n + i); field == "team" {
						last.Values = append(last.Values, v)
					}
				}
			}
		}
		if n < 15 || n > 61 {
			t.Errorf("%s: refused at %d", name, n)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{`{}`, `{"not":{"field":"due","op":"over","minutes":5}}`, `{"all":[{"field":"is","op":"in","values":["held","mentioned"]}]}`,
		`{"any":[{"field":"reason","op":"not_in","values":["none","3"]},{"field":"tag","op":"in","values":["vip"]}]}`,
		`{"field":"subject","op":"in","values":["boleto (2ª via)"]}`} {
		f.Add([]byte(seed))
	}
	who := access.Actor{AccountID: 7, Teams: []int64{1, 2}}
	f.Fuzz(func(t *testing.T, text []byte) {
		rule, err := ticket.ParseRule(text)
		if err != nil {
			if !errors.Is(err, ticket.ErrInvalid) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		bound := rule.Bind(who, nil)
		facts := ticket.Ticket{}.Snapshot().Facts()
		bound.Holds(&facts, 0)
		condition, args := bound.SQL(time.UnixMilli(0))
		if strings.Count(condition, "?") != len(args) || strings.ContainsAny(condition, ";\"") {
			t.Errorf("%s became %s with %d values", text, condition, len(args))
		}
	})
}
