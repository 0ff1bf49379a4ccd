package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// known makes a customer as the intake does, by one identity, with a ticket.
func (o office) known(t *testing.T, name string, kind channel.IdentityKind, value string, verified bool) (id int64, tk ticket.Ticket) {
	t.Helper()
	err := o.db.Gorm.Raw(`WITH c AS (INSERT INTO customers (name) VALUES (?) RETURNING id)
		INSERT INTO identities (customer_id, kind, value, verified_at) SELECT id, ?, ?, CASE WHEN ? THEN now() END FROM c RETURNING customer_id`,
		name, kind, value, verified).Scan(&id).Error
	if err != nil {
		t.Fatal(err)
	}
	return id, tickettest.Open(t, o.db, ticket.Ticket{CustomerID: &id, CustomerName: name})
}

func record(identities ...customer.Given) customer.Record {
	return customer.Record{Source: "crm", ExternalID: "C-1", Name: "Ana Souza", LegalPriority: customer.Over80, Identities: identities}
}

func (o office) owner(t *testing.T, value string) int64 {
	t.Helper()
	return o.count(t, `SELECT customer_id FROM identities WHERE value = ?`, value)
}

func TestARecordIsKeptOnceAndRenewed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first, err := o.s.UpsertCustomer(t.Context(), o.sup, record(customer.Given{Kind: channel.IdentityEmail, Value: "Ana@Example.com", Verified: true}))
	if err != nil || !first.Created {
		t.Fatalf("%+v, %v", first, err)
	}
	r := record()
	r.Name, r.Products = "Ana S. Souza", []string{`Fibra "500"`, `a\b`}
	again, err := o.s.UpsertCustomer(t.Context(), o.sup, r)
	if err != nil || again.Created || again.ID != first.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	c, err := customer.Get(t.Context(), o.db, first.ID)
	if err != nil || c.Name != r.Name || !slices.Equal(c.Products, r.Products) || len(c.Identities) != 1 || !c.Identities[0].Verified {
		t.Errorf("%+v, %v", c, err)
	}
}

// The same person by phone, mail and form is one customer when the identity is
// verified, a conflict for somebody to look at when it is not.
func TestAProofJoinsAndAClaimDoesNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	typed, tk := o.known(t, "ana", channel.IdentityEmail, "ana@example.com", false)
	proven, theirs := o.known(t, "Outra", channel.IdentityPhone, "+5511987654321", true)
	both, ours := o.known(t, "Ana", channel.IdentityCPF, "11144477735", false)
	if err := o.db.Gorm.Exec(`INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', 'mais@example.com')`, both).Error; err != nil {
		t.Fatal(err)
	}
	u, err := o.s.UpsertCustomer(t.Context(), o.sup, record(
		customer.Given{Kind: channel.IdentityEmail, Value: "ana@example.com", Verified: true},
		customer.Given{Kind: channel.IdentityPhone, Value: "+55 11 98765-4321", Verified: true},
		customer.Given{Kind: channel.IdentityCPF, Value: "111.444.777-35", Verified: true},
		customer.Given{Kind: channel.IdentityEmail, Value: "mais@example.com"},
	))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(u.Emptied, []int64{typed}) || len(u.Conflicts) != 2 {
		t.Errorf("%+v", u)
	}
	for value, owner := range map[string]int64{"ana@example.com": u.ID, "+5511987654321": proven, "11144477735": u.ID, "mais@example.com": both} {
		if got := o.owner(t, value); got != owner {
			t.Errorf("%s is customer %d's, not %d's", value, got, owner)
		}
	}
	moved := tickettest.Fresh(t, o.db, tk.ID)
	if *moved.CustomerID != u.ID || moved.CustomerName != "Ana Souza" || moved.LegalPriority != int(customer.Over80) {
		t.Errorf("the ticket of who is proven to be the same is still %d's (%s), priority %d", *moved.CustomerID, moved.CustomerName, moved.LegalPriority)
	}
	for _, stays := range []ticket.Ticket{theirs, ours} {
		if got := tickettest.Fresh(t, o.db, stays.ID); *got.CustomerID != *stays.CustomerID || got.Version != stays.Version {
			t.Errorf("ticket %d went to another customer", stays.ID)
		}
	}
}

func TestAnUnprovenIdentityNeverTakesWhatIsSomebodys(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	typed, _ := o.known(t, "ana", channel.IdentityEmail, "ana@example.com", false)
	u, err := o.s.UpsertCustomer(t.Context(), o.sup, record(customer.Given{Kind: channel.IdentityEmail, Value: "ana@example.com"}))
	if err != nil || len(u.Conflicts) != 1 || len(u.Emptied) != 0 || o.owner(t, "ana@example.com") != typed {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestTwoThatSomebodyJoinedCanBeParted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, ta := o.known(t, "Ana", channel.IdentityEmail, "ana@example.com", true)
	b, tb := o.known(t, "Ana Souza", channel.IdentityPhone, "+5511987654321", false)
	merge, err := o.s.MergeCustomers(t.Context(), o.ana, b, a, "Confirmou por telefone")
	if err != nil {
		t.Fatal(err)
	}
	if got := tickettest.Fresh(t, o.db, tb.ID); *got.CustomerID != a || got.CustomerName != "Ana" || got.Version != tb.Version+1 {
		t.Errorf("after the merge %+v", got)
	}
	for name, err := range map[string]error{
		"into somebody who is gone": second(o.s.MergeCustomers(t.Context(), o.ana, a, b, "x")),
		"once more":                 second(o.s.MergeCustomers(t.Context(), o.ana, b, a, "x")),
	} {
		if !errors.Is(err, desk.ErrMerged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.s.MergeCustomers(t.Context(), o.ana, a, a, "x"); !errors.Is(err, desk.ErrSameCustomer) {
		t.Errorf("with itself: %v", err)
	}
	if _, err := o.s.MergeCustomers(t.Context(), o.ana, a, b, " "); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	// What came since stays where it came.
	since := tickettest.Open(t, o.db, ticket.Ticket{CustomerID: &a, CustomerName: "Ana"})
	if err := o.s.UnmergeCustomers(t.Context(), o.ana, merge); err != nil {
		t.Fatal(err)
	}
	for id, owner := range map[int64]int64{ta.ID: a, tb.ID: b, since.ID: a} {
		if got := tickettest.Fresh(t, o.db, id); *got.CustomerID != owner {
			t.Errorf("ticket %d is customer %d's, not %d's", id, *got.CustomerID, owner)
		}
	}
	if got := o.owner(t, "+5511987654321"); got != b {
		t.Errorf("the phone is customer %d's", got)
	}
	if err := o.s.UnmergeCustomers(t.Context(), o.ana, merge); !errors.Is(err, desk.ErrNoMerge) {
		t.Errorf("taken back twice: %v", err)
	}
}

// A way that one of the two has refused is refused by the one they become.
func TestWhatOneRefusedIsRefusedAfterAMerge(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, _ := o.known(t, "Ana", channel.IdentityEmail, "ana@example.com", true)
	b, _ := o.known(t, "Ana Souza", channel.IdentityPhone, "+5511987654321", false)
	want := func(id int64, way reach.Way, allowed bool) {
		t.Helper()
		if err := reach.Want(t.Context(), o.db.Gorm, id, reach.Wish{Way: way, Allowed: allowed, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	want(a, reach.Email, true)
	want(a, reach.SMS, false)
	want(b, reach.Email, false)
	want(b, reach.SMS, true)
	want(b, reach.Phone, false)
	if _, err := o.s.MergeCustomers(t.Context(), o.ana, b, a, "Confirmou por telefone"); err != nil {
		t.Fatal(err)
	}
	wishes, err := reach.Wishes(t.Context(), o.db.Gorm, a)
	if err != nil || len(wishes) != 3 {
		t.Fatalf("%+v, %v", wishes, err)
	}
	for _, w := range wishes {
		if w.Allowed {
			t.Errorf("%s is allowed again", w.Way)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestTwoRecordsOfOneSystemAreTwoPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, err := o.s.UpsertCustomer(t.Context(), o.sup, record())
	if err != nil {
		t.Fatal(err)
	}
	r := record()
	r.ExternalID = "C-2"
	two, err := o.s.UpsertCustomer(t.Context(), o.sup, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.MergeCustomers(t.Context(), o.sup, one.ID, two.ID, "parecidos"); !errors.Is(err, desk.ErrTwoProofs) {
		t.Error(err)
	}
}

func TestSuggestionsSayWhoItMayBeAndNothingOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ana, tk := o.known(t, "Ana Souza", channel.IdentityEmail, "ana@example.com", true)
	// Her ticket came with a phone that is somebody else's.
	claimed, _ := o.known(t, "A. Souza", channel.IdentityPhone, "+5511987654321", false)
	o.said(t, tk, ana, `{"email": "ana@example.com", "phone": "+5511987654321"}`)
	alike, _ := o.known(t, "ana souza", channel.IdentityEmail, "ana@example.org", false)
	o.known(t, "Ana Souza", channel.IdentityEmail, "outra@example.org", false)
	// Somebody of the same name whom only the ombudsman knows, and one of another team.
	hidden, theirs := o.known(t, "Ana Souza", channel.IdentityEmail, "ana@example.net", false)
	if err := o.db.Gorm.Exec(`UPDATE tickets SET walled = true WHERE id = ?`, theirs.ID).Error; err != nil {
		t.Fatal(err)
	}

	got := o.suggested(t, o.ana, ana)
	if want := fmt.Sprintf("[%d claimed %d name]", claimed, alike); got != want {
		t.Errorf("an agent is told %s, want %s", got, want)
	}
	ombudsman := tickettest.Account(t, o.db, access.Ombudsman)
	if got, want := o.suggested(t, ombudsman, ana), fmt.Sprintf("[%d claimed %d name %d name]", claimed, alike, hidden); got != want {
		t.Errorf("the ombudsman is told %s, want %s", got, want)
	}
	if got := o.suggested(t, o.away, ana); got != "[]" {
		t.Errorf("an agent of another team is told %s", got)
	}
	if err := o.s.KeepApart(t.Context(), o.ana, alike, ana); err != nil {
		t.Fatal(err)
	}
	if got, want := o.suggested(t, o.ana, ana), fmt.Sprintf("[%d claimed]", claimed); got != want {
		t.Errorf("after they were found to be two: %s, want %s", got, want)
	}
}

// said notes what a ticket's opener said to be.
func (o office) said(t *testing.T, tk ticket.Ticket, customerID int64, from string) {
	t.Helper()
	err := o.db.Gorm.Exec(`WITH c AS (INSERT INTO contacts (channel, direction, customer_id, data)
		VALUES ('webform', 'in', ?, jsonb_build_object('from', ?::jsonb)) RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c`, customerID, from, tk.ID).Error
	if err != nil {
		t.Fatal(err)
	}
}

func (o office) suggested(t *testing.T, who access.Actor, id int64) string {
	t.Helper()
	found, err := customer.Suggest(t.Context(), o.db, who, id)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, s := range found {
		all = append(all, fmt.Sprintf("%d %s", s.ID, s.Why))
	}
	return fmt.Sprint(all)
}
