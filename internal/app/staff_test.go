package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/embedded"
)

// database opens the database of a server with engines of its own.
func (s *server) database() *pgxpool.Pool {
	s.t.Helper()
	addresses, release, err := embedded.Reach(s.t.Context(), embedded.Options{Dir: s.dir, Postgres: true})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = release(context.Background()) })
	return open(s.t, addresses.Postgres)
}

func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	db, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// query reads one row into dest.
func query(t testing.TB, db *pgxpool.Pool, sql string, args []any, dest ...any) {
	t.Helper()
	if err := db.QueryRow(t.Context(), sql, args...).Scan(dest...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// colleague is an account with an API token.
type colleague struct {
	id     int64
	secret string
}

// hire makes an account of the default team. Nobody logs in, so there is no
// password to spend time on.
func hire(t testing.TB, db *pgxpool.Pool, role string) colleague {
	t.Helper()
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	c := colleague{secret: account.TokenPrefix + base64.RawURLEncoding.EncodeToString(random)}
	hash := sha256.Sum256([]byte(c.secret))
	query(t, db, `
		WITH a AS (INSERT INTO accounts (email, name, role, password_hash) VALUES ($1, $1, $2, '') RETURNING id),
		     m AS (INSERT INTO account_teams SELECT a.id, t.id FROM a, teams t WHERE t.is_default),
		     k AS (INSERT INTO api_tokens (account_id, name, token_hash) SELECT id, 'test', $3 FROM a)
		SELECT id FROM a`, []any{fmt.Sprintf("%x@escuta.example", random[:6]), role, hash[:]}, &c.id)
	return c
}

var client = &http.Client{
	Timeout: 40 * time.Second, // the server gives up before
	Transport: &http.Transport{
		MaxIdleConnsPerHost:   64,
		ExpectContinueTimeout: 30 * time.Second, // whoever waits for leave to go on really waits
	},
}

// call sends a request and returns the status and the answer; no body when it is nil.
func call(ctx context.Context, method, url string, header http.Header, body any) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return 0, nil, err
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return answer.StatusCode, got, err
}

func (c colleague) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + c.secret}}
}

func (c colleague) post(ctx context.Context, s *server, path string, body any) (int, []byte, error) {
	return call(ctx, http.MethodPost, s.at("http", path), c.header(), body)
}

// read gets a path that has to be there. What breaks on the way is read again.
func (c colleague) read(t testing.TB, s *server, path string, into any) {
	t.Helper()
	eventually(t, "read "+path, func() error {
		status, body, err := call(t.Context(), http.MethodGet, s.at("http", path), c.header(), nil)
		switch {
		case err != nil:
			return err
		case status != http.StatusOK:
			t.Fatalf("%s: %d %s", path, status, body)
		}
		return json.Unmarshal(body, into)
	})
}
