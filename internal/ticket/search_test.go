package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// said opens a ticket with a first message, findable as the intake makes it.
func said(t *testing.T, db *postgres.DB, tk ticket.Ticket, body string) ticket.Ticket {
	t.Helper()
	tk = tickettest.Open(t, db, tk)
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := ticket.InsertMessage(t.Context(), tx, &tk, ticket.Message{Direction: ticket.In, Body: body, At: noon}); err != nil {
			return err
		}
		return ticket.IndexSubject(t.Context(), tx, tk)
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func TestSearchFindsPeopleProtocolsAndWords(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	agent := tickettest.Account(t, db, access.Agent, tickettest.DefaultTeam)
	var customer int64
	if err := db.Gorm.Raw("INSERT INTO customers (name) VALUES ('Joana Dárc') RETURNING id").Scan(&customer).Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Gorm.Exec(`INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', 'joana@example.com'),
		(?, 'cpf', '11144477735'), (?, 'phone', '+5511987654321')`, customer, customer, customer).Error; err != nil {
		t.Fatal(err)
	}
	joana := said(t, db, ticket.Ticket{CustomerID: &customer, CustomerName: "Joana Dárc", Subject: "Cartões bloqueados"}, "Não consigo usar os cartões desde ontem.")
	other := said(t, db, ticket.Ticket{Status: ticket.Closed, CustomerName: "Rui"}, "Reclamação: cartão recusado duas vezes. Cartão, cartão!")
	hidden := said(t, db, ticket.Ticket{Walled: true, CustomerID: &customer}, "Denúncia sobre o cartão")
	away := said(t, db, ticket.Ticket{TeamID: tickettest.Team(t, db, "Longe")}, "cartão")

	for q, want := range map[string][]int64{
		joana.Protocol:                 {joana.ID},
		joana.Protocol[:8]:             {other.ID, joana.ID},
		hidden.Protocol:                nil,
		away.Protocol:                  nil,
		"JOANA@example.com":            {joana.ID},
		"111.444.777-35":               {joana.ID},
		"(11) 98765-4321":              {joana.ID},
		"cartao":                       {other.ID, joana.ID}, // said more often, so ranked higher
		"CARTÕES":                      {other.ID, joana.ID},
		"cartao bloqueado":             {joana.ID}, // by its subject
		"joana darc":                   {joana.ID}, // by the customer's name
		"denuncia":                     nil,
		"palavra que ninguém escreveu": nil,
	} {
		got, err := walk(t.Context(), db, ticket.Query{Actor: agent, Now: noon, Q: q, Limit: 1})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v, %v", q, got, want, err)
		}
	}
	if all, more, err := ticket.All(t.Context(), db.Gorm, ticket.Query{Actor: agent, Now: noon, Q: "cartao"}, 5000); err != nil || more || !slices.Equal(all, []int64{other.ID, joana.ID}) {
		t.Errorf("all that a search finds: %v, %v, %v", all, more, err)
	}
	got, err := walk(t.Context(), db, ticket.Query{Actor: agent, Now: noon, Q: "cartao", Status: "open"})
	if err != nil || !slices.Equal(got, []int64{joana.ID}) {
		t.Errorf("open ones: %v, %v", got, err)
	}
	for _, sort := range []ticket.Sort{ticket.SortDue, ticket.SortWaiting, ticket.SortNewest} {
		if got, err := walk(t.Context(), db, ticket.Query{Actor: agent, Now: noon, Q: "cartao", Sort: sort, Limit: 1}); err != nil || len(got) != 2 {
			t.Errorf("by %s: %v, %v", sort, got, err)
		}
	}
	ombudsman := tickettest.Account(t, db, access.Ombudsman)
	if got, err := walk(t.Context(), db, ticket.Query{Actor: ombudsman, Now: noon, Q: "denúncia"}); err != nil || !slices.Equal(got, []int64{hidden.ID}) {
		t.Errorf("the ombudsman finds %v, %v", got, err)
	}
}

// attacks.md row 53: a search by somebody who does not see a ticket answers as
// if it were not there, by any of its words, numbers and people.
func TestAttack53SearchDoesNotTellOfHiddenTickets(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	supervisor := tickettest.Account(t, db, access.Supervisor, tickettest.DefaultTeam)
	for i := range 30 {
		said(t, db, ticket.Ticket{Walled: i%2 == 0, TeamID: tickettest.DefaultTeam, CustomerName: "Segredo"}, "sigilo absoluto")
	}
	page, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: supervisor, Now: noon, Q: "sigilo", Limit: 15})
	if err != nil || len(page.Items) != 15 || page.Next != "" {
		t.Errorf("%d rows, next %q, %v", len(page.Items), page.Next, err)
	}
}

// attacks.md row 91: nothing that can be typed into the search box is an error, or slow.
func TestAttack91GarbageIsSearchedInPeace(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	admin := tickettest.Account(t, db, access.Admin)
	said(t, db, ticket.Ticket{}, "a & b | ! <-> :* ( ) ' \" \\ %")
	for _, q := range []string{
		"((((a+)+)+)+$", strings.Repeat("a", 10_000), strings.Repeat("%", 1000), strings.Repeat("a ", 5000), "& | !", "a & | b", "!!", ":*", "a:*",
		"<->", "'", `"`, `\`, "''", "a'b", "\x00", "a\x00b", "\xff\xfe", "١٢٣٤٥٦٧٨", strings.Repeat("9", 400), "@", "a@", "@b", "a@b@c", " ", "\t\n",
		"2026", "1e5", "-1", "0x1f", "💥💥💥", "ﷺ", "a\u0301\u0301\u0301", "%s%n", "${jndi:x}", "'; drop table tickets; --", "00000000", "99999999999999999",
	} {
		start := time.Now()
		if _, err := walk(t.Context(), db, ticket.Query{Actor: admin, Now: noon, Q: q}); err != nil {
			t.Errorf("%.30q: %v", q, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%.30q took %s", q, took)
		}
	}
}

func TestFrequentWordsAreMatchedNewestFirst(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	admin := tickettest.Account(t, db, access.Admin)
	var want []int64
	for i := range 40 {
		tk := said(t, db, ticket.Ticket{}, fmt.Sprintf("pedido pedido número %d%s", i, strings.Repeat(" pedido", i%5)))
		want = append([]int64{tk.ID}, want...)
	}
	if err := db.Gorm.Exec("ANALYZE messages").Error; err != nil {
		t.Fatal(err)
	}
	got, err := walk(t.Context(), db, ticket.Query{Actor: admin, Now: noon, Q: "pedidos", Limit: 7})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v, %v", got, want, err)
	}
}

func TestASearchThatTakesTooLongIsGivenUpAndSaysSo(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	admin := tickettest.Account(t, db, access.Admin)
	said(t, db, ticket.Ticket{}, "qualquer coisa")
	locked, let := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- db.InTx(t.Context(), func(tx *gorm.DB) error {
			err := tx.Exec("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").Error
			close(locked)
			<-let
			return err
		})
	}()
	<-locked
	_, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Q: "qualquer"})
	close(let)
	if !errors.Is(err, ticket.ErrSearchSlow) {
		t.Errorf("%v", err)
	}
	if err := <-held; err != nil {
		t.Fatal(err)
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range []string{"cartão", "111.444.777-35", "20261122000000139", "a@b.co", "& | !", "\xff"} {
		f.Add(q)
	}
	db := pgtest.New(f)
	admin := tickettest.Account(f, db, access.Admin)
	f.Fuzz(func(t *testing.T, q string) {
		if _, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Q: q}); err != nil {
			t.Errorf("%q: %v", q, err)
		}
	})
}
