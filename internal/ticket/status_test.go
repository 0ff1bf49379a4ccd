package ticket_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestEveryMoveOfTheStatusMachine(t *testing.T) {
	t.Parallel()
	// Rows from, columns to, in the order of a life: . stays, y moves, n is refused,
	// g only within the grace.
	table := map[ticket.Status]string{
		ticket.New:             ".yyyyn",
		ticket.Open:            "n.yyyn",
		ticket.WaitingCustomer: "ny.yyn",
		ticket.WaitingThird:    "nyy.yn",
		ticket.Resolved:        "nggg.y",
		ticket.Closed:          "nnnnn.",
	}
	for from, row := range table {
		for i, rule := range row {
			to := ticket.Statuses[i]
			for over, now := range map[bool]time.Time{false: noon.Add(ticket.Grace - time.Microsecond), true: noon.Add(ticket.Grace)} {
				tk := ticket.Ticket{Status: from}
				if !from.IsOpen() {
					tk.ResolvedAt = &noon
				}
				err := tk.Move(to, now)
				want := rule == '.' || rule == 'y' || rule == 'g' && !over
				if (err == nil) != want || err != nil && !errors.Is(err, ticket.ErrMove) {
					t.Errorf("%s to %s, grace over %v: %v", from, to, over, err)
				}
				if end := map[bool]ticket.Status{true: to, false: from}[want]; tk.Status != end {
					t.Errorf("%s to %s ended in %s", from, to, tk.Status)
				}
			}
		}
	}
}

// Whatever happens to a ticket in whatever order, its fields agree with its status.
func TestNoSequenceOfActsMakesATicketContradictItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		account := int64(7)
		tk := ticket.Ticket{Status: ticket.New, WaitingSince: &now}
		t.Repeat(map[string]func(*rapid.T){
			"move": func(t *rapid.T) {
				before := tk
				if err := tk.Move(rapid.SampledFrom(ticket.Statuses).Draw(t, "to"), now); err != nil && tk.Status != before.Status {
					t.Fatalf("refused, and %s became %s", before.Status, tk.Status)
				}
			},
			"answer": func(t *rapid.T) {
				before := tk.Status
				err := tk.Answered(rapid.Bool().Draw(t, "resolves"), now)
				if (before == ticket.Closed) && !errors.Is(err, ticket.ErrClosed) {
					t.Fatalf("answered a closed ticket: %v", err)
				}
				if err == nil && tk.WaitingSince != nil {
					t.Fatal("answered, and the customer still waits")
				}
			},
			"customer": func(t *rapid.T) {
				before := tk
				reopened, err := tk.Spoke(now)
				if err == nil && (tk.WaitingSince == nil || tk.Status != ticket.New && tk.Status != ticket.Open) {
					t.Fatalf("the customer spoke, and it is %s, waiting since %v", tk.Status, tk.WaitingSince)
				}
				if err != nil && before.Status.IsOpen() || reopened != (err == nil && before.Status == ticket.Resolved) {
					t.Fatalf("the customer of a %s ticket spoke: reopened %v, %v", before.Status, reopened, err)
				}
			},
			"claim": func(*rapid.T) {
				if tk.Status.IsOpen() {
					tk.HolderID, tk.LeaseUntil = &account, &now
				}
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "days")) * 24 * time.Hour)
			},
			"": func(t *rapid.T) {
				s := tk.Status
				switch {
				case !s.Valid():
					t.Fatalf("status %q", s)
				case s.IsOpen() != (tk.ResolvedAt == nil), (s == ticket.Closed) != (tk.ClosedAt != nil):
					t.Fatalf("%s, resolved %v, closed %v", s, tk.ResolvedAt, tk.ClosedAt)
				case !s.IsOpen() && (tk.HolderID != nil || tk.WaitingSince != nil):
					t.Fatalf("%s, held by %v, waiting since %v", s, tk.HolderID, tk.WaitingSince)
				case s == ticket.Closed && tk.ClosedAt.Before(*tk.ResolvedAt):
					t.Fatal("closed before it was resolved")
				case tk.Reopenable(now) && s != ticket.Resolved:
					t.Fatalf("%s can be reopened", s)
				}
			},
		})
	})
}

func TestNormalisingTagsTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once, err := ticket.NormaliseTags(rapid.SliceOfN(rapid.String(), 0, 30).Draw(t, "tags"))
		if err != nil {
			if !errors.Is(err, ticket.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		twice, err := ticket.NormaliseTags(once)
		if err != nil || len(twice) != len(once) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
		for i := range once {
			if once[i] != twice[i] {
				t.Fatalf("%q became %q", once, twice)
			}
		}
		if len(once) > ticket.MaxTags {
			t.Fatalf("%d tags", len(once))
		}
	})
}

func TestTags(t *testing.T) {
	t.Parallel()
	got, err := ticket.NormaliseTags([]string{" Cliente  VIP ", "cliente-vip", "", "açúcar", "ac\u0327u\u0301car"})
	if want := []string{"açúcar", "cliente-vip"}; err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%q, %v", got, err)
	}
}
