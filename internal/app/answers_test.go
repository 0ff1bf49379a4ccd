package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
)

// exchange is what happens because of our mails: of the customers who get one,
// half answer it by mail; of the acknowledged tickets, some are answered by an
// agent, which is a mail again.
type exchange struct {
	t       testing.TB
	servers []*server
	sink    *sinktest.Sink
	writers *writers
	agent   colleague
	cancel  context.CancelFunc
	all     sync.WaitGroup

	mu      sync.Mutex
	read    int             // mails of the sink that were looked at
	replies map[string]bool // by their text: whether they were confirmed
	silent  bool            // mails are read and not answered any more
}

func converse(t testing.TB, sink *sinktest.Sink, w *writers, agent colleague, seed uint64) *exchange {
	ctx, cancel := context.WithCancel(context.Background())
	x := &exchange{t: t, servers: w.servers, sink: sink, writers: w, agent: agent, cancel: cancel, replies: map[string]bool{}}
	t.Cleanup(x.leave)
	x.all.Go(func() { x.run(ctx, rand.New(rand.NewPCG(seed, 7))) })
	return x
}

// hush lets nobody answer any more: the desk is to come to rest.
func (x *exchange) hush() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.silent = true
}

func (x *exchange) leave() {
	x.cancel()
	x.all.Wait()
}

var (
	protocolOf     = regexp.MustCompile(`\[([0-9A-Za-z-]+)\]`)
	acknowledgment = regexp.MustCompile(`^Recebemos sua mensagem`)
)

func (x *exchange) run(ctx context.Context, dice *rand.Rand) {
	seen := map[string]bool{}
	for {
		mails := x.sink.Mails()
		x.mu.Lock()
		next := x.read
		x.mu.Unlock()
		if next == len(mails) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
			continue
		}
		x.mu.Lock()
		silent := x.silent
		x.mu.Unlock()
		if m := mails[next]; !seen[m.MessageID] && !silent {
			seen[m.MessageID] = true
			x.answer(m, next, dice)
		}
		x.mu.Lock()
		x.read++
		x.mu.Unlock()
	}
}

// answer may send a mail, and may let the agent answer.
func (x *exchange) answer(m sinktest.Mail, n int, dice *rand.Rand) {
	subject, err := decoded(m.Header(x.t, "Subject"))
	if err != nil {
		x.t.Errorf("a subject of ours cannot be read: %v", err)
		return
	}
	byMail, byAgent := dice.IntN(2) == 0, dice.IntN(3) == 0
	way := someWay(dice)
	if byMail {
		x.writers.send(letter{key: fmt.Sprintf("r%d", n), from: m.To[0], answers: m.MessageID, ways: way})
	}
	protocol := protocolOf.FindStringSubmatch(subject)
	if protocol == nil {
		x.t.Errorf("a mail of ours without a protocol: %s", subject)
		return
	}
	if byAgent && acknowledgment.MatchString(subject) {
		x.reply(n, protocol[1], fmt.Sprintf("resposta-%d", n))
	}
}

// reply claims the ticket, by one server or another, and answers once. When
// the server says nothing to it, nobody knows whether the answer stands there.
func (x *exchange) reply(turn int, protocol, text string) {
	patience, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	ticket := "/api/tickets/" + protocol
	for ; ; turn++ {
		status, _, err := x.agent.post(patience, x.servers[turn%len(x.servers)], ticket+"/claim", struct{}{})
		if err == nil && status == http.StatusOK {
			break
		}
		select {
		case <-patience.Done():
			x.t.Errorf("%s is not claimed: %d %v", protocol, status, err)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	status, body, err := x.agent.post(patience, x.servers[turn%len(x.servers)], ticket+"/replies", map[string]string{"body": text})
	if err == nil && status >= 400 && status < 500 && status != http.StatusConflict && status != http.StatusRequestTimeout {
		x.t.Errorf("%s: %d %s", text, status, body)
	}
	x.mu.Lock()
	x.replies[text] = err == nil && status == http.StatusCreated
	x.mu.Unlock()
}

// idle reports whether everything that has arrived was answered.
func (x *exchange) idle() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if arrived := len(x.sink.Mails()); x.read < arrived {
		return fmt.Errorf("%d of %d mails of ours are read", x.read, arrived)
	}
	return nil
}

func (x *exchange) count() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, confirmed := range x.replies {
		if confirmed {
			n++
		}
	}
	return n
}
