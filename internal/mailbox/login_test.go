package mailbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// grants answers with a token of its number that lasts so long.
func grants(seconds int, rotate bool) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, n int) {
		renewed := ""
		if rotate {
			renewed = fmt.Sprintf(`,"refresh_token":"renova-%d"`, n+1)
		}
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":%d%s}`, n, seconds, renewed)
	}
}

func (s *Service) tokenFor(t *testing.T, m Mailbox) string {
	t.Helper()
	l, err := s.Login(t.Context(), m, m.IMAP)
	if err != nil || l.User != "sac@empresa.example" || l.Password != "" {
		t.Fatalf("%+v %v", l, err)
	}
	return l.Token
}

// A token is asked for once, however many want it, and again when it is about
// to end.
func TestATokenIsSharedWhileItIsGood(t *testing.T) {
	t.Parallel()
	lasting, ending := newIssuer(t, grants(3600, false)), newIssuer(t, grants(60, false))
	s := newService(t, pgtest.New(t))
	m := oauth(t, s, lasting, Change{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := s.tokenFor(t, m); got != "token-1" {
				t.Errorf("%q", got)
			}
		})
	}
	all.Wait()
	if n := len(lasting.tokens()); n != 1 {
		t.Errorf("the token server was asked %d times", n)
	}
	q := lasting.asked[0]
	if q.Get("grant_type") != "refresh_token" || q.Get("client_id") != "escuta" || q.Get("client_secret") != "s3gredo" {
		t.Errorf("it was asked with %v", q)
	}
	// Another token server is asked for one of its own, at once; what ends soon is not used.
	m, err := s.Update(t.Context(), m.ID, Change{TokenURL: ptr(ending.URL), Secret: ptr("outra"), ClientSecret: ptr("outro")})
	if err != nil {
		t.Fatal(err)
	}
	if one, two := s.tokenFor(t, m), s.tokenFor(t, m); one != "token-1" || two != "token-2" {
		t.Errorf("%q, then %q", one, two)
	}
}

// A token server that gives a new refresh token with each answer has made the old
// one worthless: the new one is what every node goes on with.
func TestARefreshTokenThatChangesIsKeptForAllNodes(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, grants(60, true))
	db := pgtest.New(t)
	one, two := newService(t, db), newService(t, db)
	m := oauth(t, one, i, Change{})
	for _, s := range []*Service{one, two, one} {
		s.tokenFor(t, m)
	}
	if got, want := i.tokens(), []string{"renova-1", "renova-2", "renova-3"}; !slices.Equal(got, want) {
		t.Errorf("shown were %v", got)
	}
	var clear int
	if err := db.Gorm.Raw("SELECT count(*) FROM mailboxes WHERE position('renova'::bytea in secret) > 0").Scan(&clear).Error; err != nil || clear != 0 {
		t.Errorf("%d tokens lie in the clear: %v", clear, err)
	}
}

// Whatever a token server says instead of a token is a log-in that failed: it is
// not followed anywhere, not believed, and its words go no further.
func TestATokenServerThatGivesNoToken(t *testing.T) {
	t.Parallel()
	elsewhere := newIssuer(t, grants(3600, false))
	for name, say := range map[string]func(http.ResponseWriter, *http.Request, int){
		"it refuses": func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":"invalid_grant","error_description":"renova-1 was revoked"}`)
		},
		"it says nothing":  func(http.ResponseWriter, *http.Request, int) {},
		"it is a web page": func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "<html>entrar</html>") },
		"its token would end the line": func(w http.ResponseWriter, _ *http.Request, _ int) {
			fmt.Fprint(w, `{"access_token":"a\r\nA1 LOGOUT"}`)
		},
		"it never ends": func(w http.ResponseWriter, _ *http.Request, _ int) {
			fmt.Fprintf(w, `{"access_token":"%s"}`, strings.Repeat("x", 2*maxTokenAnswer))
		},
		"it sends us elsewhere": func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
	} {
		s := newService(t, pgtest.New(t))
		m := oauth(t, s, newIssuer(t, say), Change{})
		l, err := s.Login(t.Context(), m, m.IMAP)
		if !errors.Is(err, ErrLogin) || l.Token != "" || strings.Contains(err.Error(), "renova-1") || strings.Contains(err.Error(), "s3gredo") {
			t.Errorf("%s: %+v %v", name, l, err)
		}
	}
	if told := elsewhere.tokens(); len(told) != 0 {
		t.Errorf("a server that nobody named was shown %v", told)
	}
}

// Both servers of a mailbox are tried with the token, and are told nothing else.
func TestAMailboxIsTriedWithItsToken(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, grants(3600, false))
	s := newService(t, pgtest.New(t))
	in, out := imapDoor(t, "sac@empresa.example", "token-1"), smtpDoor(t, "sac@empresa.example", "token-1")
	m := oauth(t, s, i, Change{
		IMAP: &Server{Host: "127.0.0.1", Port: in.port, Security: Plain}, SMTP: &Server{Host: "127.0.0.1", Port: out.port, Security: Plain},
	})
	if got, err := s.Test(t.Context(), m.ID, Change{}); err != nil || got != (Tested{Works, Works}) {
		t.Errorf("%+v %v; heard were %q and %q", got, err, in.lines(), out.lines())
	}
	// The stored token is not that of another refresh token, which is only tried out.
	if got, err := s.Test(t.Context(), m.ID, Change{Secret: ptr("outra")}); err != nil || got != (Tested{Failed, Failed}) {
		t.Errorf("%+v %v", got, err)
	}
	if told := i.tokens(); told[len(told)-1] != "outra" {
		t.Errorf("shown were %v", told)
	}
	for _, line := range append(in.lines(), out.lines()...) {
		if strings.Contains(line, "renova") || strings.Contains(line, "LOGIN") {
			t.Errorf("a mail server heard %q", line)
		}
	}
}
