package httpapi

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Large bodies are taken in a few at a time, whoever sends them and to whatever
// address; meanwhile everything else is answered.
func TestAttack86ManyLargeBodiesAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	var taken atomic.Int32
	conns := make([]net.Conn, 4*heavyAtOnce)
	for i := range conns {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
		w.must(err)
		defer c.Close()
		conns[i] = c
		go func() {
			fmt.Fprintf(c, "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", maxBody)
			if _, err := c.Write(make([]byte, maxBody-1)); err == nil {
				taken.Add(1)
			}
		}()
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(heavyPatience / 2); taken.Load() < heavyAtOnce && time.Now().Before(deadline); {
		<-tick.C
	}
	w.somebody().get("/healthz").want(200)
	if n := taken.Load(); n == 0 || n > heavyAtOnce {
		t.Errorf("%d large bodies are held at once, %d are meant to be", n, heavyAtOnce)
	}
	for _, c := range conns {
		w.must(c.Close())
	}
	w.somebody().post("/api/login", `{"email":"`+strings.Repeat("x", 3<<20)+`"}`).want(413)
}
