package mailbox

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// Whoever may try a mailbox's servers learns whether they work, and nothing of
// what listens where: a closed port, one that hangs, one that speaks something
// else and an address that may not be reached are one answer, after one time.
func TestAttack082TryingAServerTellsNothingOfPorts(t *testing.T) {
	t.Parallel()
	s := newService(t, pgtest.New(t))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	web := listen(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\nServer: segredo\r\n\r\n") })
	refusing := imapDoor(t, "outra@empresa.example", "x").port
	gone := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	for name, at := range map[string]Server{
		"closed":         {Host: "127.0.0.1", Port: gone},
		"hangs":          {Host: "127.0.0.1", Port: silent},
		"something else": {Host: "127.0.0.1", Port: web},
		"refuses":        {Host: "127.0.0.1", Port: refusing},
		"metadata":       {Host: "169.254.169.254", Port: 80},
		"our network":    {Host: "10.0.0.1", Port: 993},
		"a name":         {Host: "imap.invalid.", Port: 993},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at.Security = Plain
			began := time.Now()
			got, err := s.Test(t.Context(), 0, Change{BrandID: ptr(int64(1)), Address: ptr("sac@empresa.example"), Secret: ptr("senha"), IMAP: &at, SMTP: &at})
			if err != nil || got != (Tested{Failed, Failed}) {
				t.Errorf("%+v %v", got, err)
			}
			if took := time.Since(began); took < s.testTime {
				t.Errorf("it was said after %s, before the time that all take", took)
			}
		})
	}
}
