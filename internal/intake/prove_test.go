package intake_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
)

func TestProve(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	take := func(edit func(*webform.Submission)) intake.Receipt {
		t.Helper()
		r, err := in.Submit(t.Context(), checked(t, submission(edit)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	old := take(func(s *webform.Submission) {
		s.Email, s.Phone, s.Document = "ana@exemplo.com.br", "(11) 98765-4321", "111.444.777-35"
	})
	recent := take(func(s *webform.Submission) { s.Email, s.Phone = "ana@exemplo.com.br", "(11) 98765-4321" })
	onlyMail := take(func(s *webform.Submission) { s.Email = "bia@exemplo.com.br" })
	nobody := take(func(s *webform.Submission) { s.Email = "" })
	for _, tt := range []struct {
		name  string
		claim intake.Claim
		want  int64
	}{
		{"protocol and CPF", intake.Claim{Protocol: old.Protocol, Proof: "7735"}, old.TicketID},
		{"protocol as spoken, and phone", intake.Claim{Protocol: old.Protocol[:8] + " " + old.Protocol[8:], Proof: " 4321 "}, old.TicketID},
		{"protocol and e-mail", intake.Claim{Protocol: onlyMail.Protocol, Proof: "Bia@Exemplo.com.br"}, onlyMail.TicketID},
		{"e-mail and phone: the newest", intake.Claim{Identity: "ANA@exemplo.com.br", Proof: "4321"}, recent.TicketID},
		{"CPF and e-mail", intake.Claim{Identity: "111.444.777-35", Proof: "ana@exemplo.com.br"}, old.TicketID},
		{"phone and e-mail", intake.Claim{Identity: "11 98765 4321", Proof: "ana@exemplo.com.br"}, recent.TicketID},
		{"wrong digits", intake.Claim{Protocol: old.Protocol, Proof: "0000"}, 0},
		{"too few digits", intake.Claim{Protocol: old.Protocol, Proof: "735"}, 0},
		{"the whole CPF", intake.Claim{Protocol: old.Protocol, Proof: "11144477735"}, 0},
		{"no proof", intake.Claim{Protocol: old.Protocol}, 0},
		{"digits of another ticket of theirs", intake.Claim{Protocol: recent.Protocol, Proof: "7735"}, 0},
		{"an identity is no proof of itself", intake.Claim{Identity: "bia@exemplo.com.br", Proof: "bia@exemplo.com.br"}, 0},
		{"nor are its last digits", intake.Claim{Identity: "11 98765 4321", Proof: "4321"}, 0},
		{"a ticket of nobody", intake.Claim{Protocol: nobody.Protocol, Proof: ""}, 0},
		{"no such protocol", intake.Claim{Protocol: "20200101000000186", Proof: "7735"}, 0},
		{"no protocol at all", intake.Claim{Protocol: "' OR 1=1 --", Proof: "7735"}, 0},
		{"protocol wins over identity", intake.Claim{Protocol: "20200101000000186", Identity: "ana@exemplo.com.br", Proof: "4321"}, 0},
		{"nobody known", intake.Claim{Identity: "caio@exemplo.com.br", Proof: "7735"}, 0},
		{"nothing", intake.Claim{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := in.Prove(t.Context(), tt.claim)
			if tt.want == 0 {
				if !errors.Is(err, intake.ErrDenied) || g != (intake.Grant{}) {
					t.Fatalf("grant %+v, %v", g, err)
				}
				return
			}
			now := o.clock.Now()
			if err != nil || g.TicketID != tt.want || !in.Tokens().Valid(g.Token, g.TicketID, g.Protocol, now) ||
				!g.ExpiresAt.After(now) || in.Tokens().Valid(g.Token, g.TicketID, g.Protocol, g.ExpiresAt) {
				t.Fatalf("grant %+v, %v", g, err)
			}
		})
	}
}

// Somebody who once opened a ticket with a victim's address and their own phone
// owns that phone, not the victim's tickets.
func TestWhatAStrangerTypedProvesNothingLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	trap := submission(func(s *webform.Submission) { s.Email, s.Phone = "vitima@exemplo.com.br", "(21) 99999-6666" })
	if _, err := in.Submit(t.Context(), checked(t, trap)); err != nil {
		t.Fatal(err)
	}
	r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) { s.Email = "vitima@exemplo.com.br" })))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []intake.Claim{{Protocol: r.Protocol, Proof: "6666"}, {Identity: "vitima@exemplo.com.br", Proof: "6666"}} {
		if _, err := in.Prove(t.Context(), c); !errors.Is(err, intake.ErrDenied) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// Once it is verified to be the customer's, it is a proof.
	o.exec(`UPDATE identities SET verified_at = now() WHERE kind = 'phone'`)
	if _, err := in.Prove(t.Context(), intake.Claim{Protocol: r.Protocol, Proof: "6666"}); err != nil {
		t.Error(err)
	}
}

func TestAStrangersIdentityIsNeverAddedToAKnownCustomer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	for _, s := range []webform.Submission{
		submission(func(s *webform.Submission) { s.Email = "ana@exemplo.com.br" }),
		submission(func(s *webform.Submission) {
			s.Email, s.Phone, s.Document = "ana@exemplo.com.br", "(21) 99999-6666", "529.982.247-25"
		}),
	} {
		if _, err := in.Submit(t.Context(), checked(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.count(`SELECT count(*) FROM identities`); n != 1 {
		t.Errorf("%d identities", n)
	}
	if n := o.count(`SELECT count(DISTINCT customer_id) FROM tickets`); n != 1 {
		t.Errorf("%d customers", n)
	}
}

func TestAttack58And59YesAndNoTakeTheSameTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) { s.Document = "111.444.777-35" })))
	if err != nil {
		t.Fatal(err)
	}
	claims := []intake.Claim{{Protocol: r.Protocol, Proof: "7735"}, {Protocol: r.Protocol, Proof: "0000"}, {Protocol: "20200101000000186", Proof: "7735"}, {Protocol: "x"}}
	took := make([][]time.Duration, len(claims))
	for range 25 {
		for i, c := range claims {
			began := time.Now()
			if _, err := in.Prove(t.Context(), c); (err == nil) != (i == 0) {
				t.Fatalf("%+v: %v", c, err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	// The quickest of each is free of this machine's noise: the pause that all share.
	for i := range took {
		if quickest := slices.Min(took[i]); quickest < intake.AnswerTakes || quickest > intake.AnswerTakes+25*time.Millisecond {
			t.Errorf("%+v takes %v", claims[i], quickest)
		}
	}
}
