package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"
)

// Asked to stop in the middle of work, the server takes nothing new, answers
// what it has taken, stops its engines and ends well.
func TestAskedToStopItFinishesItsWork(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	db := s.database()

	second := s.command() // another server on the same folder
	complaint, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 1 || !strings.Contains(string(complaint), s.dir) {
		t.Errorf("a second server on the same folder ended with %v and said: %s", err, complaint)
	}

	// Nobody can write to the ledger, so all the submissions are on their way.
	lock, err := db.Begin(t.Context())
	if err == nil {
		_, err = lock.Exec(t.Context(), "LOCK TABLE intake_ledger IN EXCLUSIVE MODE")
	}
	if err != nil {
		t.Fatal(err)
	}
	const n = 16
	var sending, taken sync.WaitGroup
	taken.Add(n)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got100Continue: taken.Done})
	answers := make([]string, n)
	for i := range n {
		sending.Go(func() {
			status, body, err := call(ctx, http.MethodPost, s.at("http", "/api/public/tickets"),
				http.Header{"Expect": {"100-continue"}}, opening(i, fmt.Sprintf("pedido %d", i)))
			if err != nil || status != http.StatusCreated {
				answers[i] = fmt.Sprint(status, " ", string(body), " ", err)
			}
		})
	}
	taken.Wait() // the server has begun to read every one of them
	began := time.Now()
	s.terminate()
	address := strings.TrimPrefix(s.at("http", ""), "http://")
	eventually(t, "take no more connections", func() error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil
		}
		_ = conn.Close()
		return fmt.Errorf("it takes them")
	})
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	sending.Wait()
	for i, wrong := range answers {
		if wrong != "" {
			t.Errorf("submission %d was taken and answered %s", i, wrong)
		}
	}
	db.Close()
	<-s.life().done
	if took, code := time.Since(began), s.life().cmd.ProcessState.ExitCode(); code != 0 || took > 10*time.Second {
		t.Errorf("ended with %d after %v", code, took)
	}
	for _, engine := range []string{postgresEngine, redisEngine} {
		if pid, err := s.engine(engine); err == nil {
			t.Errorf("%s: process %d still runs", engine, pid)
		}
	}
}
