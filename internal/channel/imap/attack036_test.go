package imap

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
)

// scripted is an IMAP server that does to each connection what its turn says.
type scripted struct {
	ln    net.Listener
	turns []turn // the last one is for all connections that follow
}

// turn is one connection: what the folder holds, and what goes wrong.
type turn struct {
	uidNext int
	mails   map[int][]byte
	// instead answers a command in place of the server, and hangs up; empty leaves it to the server.
	instead func(command string) string
}

func serve(t *testing.T, turns ...turn) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	s := &scripted{ln, turns}
	go func() {
		for i := 0; ; i++ {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go s.talk(conn, turns[min(i, len(turns)-1)])
		}
	}()
	return s
}

func (s *scripted) talk(conn net.Conn, now turn) {
	defer conn.Close()
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		command = strings.ToUpper(command)
		if now.instead != nil {
			if answer := now.instead(command); answer != "" {
				fmt.Fprint(conn, answer)
				return
			}
		}
		switch {
		case strings.HasPrefix(command, "CAPABILITY"):
			fmt.Fprint(conn, "* CAPABILITY IMAP4rev1\r\n")
		case strings.HasPrefix(command, "EXAMINE"):
			fmt.Fprintf(conn, "* %d EXISTS\r\n* OK [UIDVALIDITY 9] .\r\n* OK [UIDNEXT %d] .\r\n", len(now.mails), now.uidNext)
		case strings.HasPrefix(command, "UID FETCH"):
			number := 0
			for uid := range now.uidNext {
				mail, there := now.mails[uid]
				if !there {
					continue
				}
				number++
				if strings.Contains(command, "BODY") {
					fmt.Fprintf(conn, "* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n", number, uid, len(mail), mail)
				} else {
					fmt.Fprintf(conn, "* %d FETCH (UID %d RFC822.SIZE %d)\r\n", number, uid, len(mail))
				}
			}
		}
		fmt.Fprintf(conn, "%s OK done\r\n", tag)
	}
}

// instead answers the first command that contains what.
func instead(what, answer string) func(string) string {
	return func(command string) string {
		if strings.Contains(command, what) {
			return answer
		}
		return ""
	}
}

// Attack 36: a server that hangs up within a mail, says goodbye, talks nonsense
// about the structure of a mail, and comes back from a backup with numbers it gave
// out before: nothing is lost, nothing comes twice, the other mailbox goes on.
func TestAttack036AServerThatMisbehavesCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1<<20)
	all := map[int][]byte{1: ordinary(1), 2: ordinary(2)}
	bad := serve(t,
		turn{3, all, instead("BODY", "* 1 FETCH (UID 1 BODY[] {400}\r\nFrom: ana@cliente.example\r\n")},
		turn{3, all, instead("EXAMINE", "* BYE shutting down\r\n")},
		turn{3, all, instead("UID FETCH", "* 1 FETCH (UID 1 BODYSTRUCTURE ((((\"TEXT\" NIL {9999999999}\r\n")},
		turn{3, all, instead("NOOP", "* BYE going for a backup\r\n")},
		turn{2, map[int][]byte{1: ordinary(7)}, nil},
	)
	good := serve(t, turn{2, map[int][]byte{1: ordinary(100)}, nil})
	a, b := w.box(1, port(bad.ln)), w.box(2, port(good.ln))
	w.boxes.set(a, b)
	w.node()
	eventually(t, "the mail after the backup", func() bool {
		for _, got := range w.kept() {
			if bytes.Contains(got.Raw, []byte("Bom dia 7")) {
				return true
			}
		}
		return false
	})
	count := map[string]int{}
	for _, got := range w.kept() {
		_, text, _ := bytes.Cut(got.Raw, []byte("\r\n\r\n"))
		count[strings.TrimSpace(string(text))]++
		if e := envelope(t, got); e.Withheld != "" {
			t.Errorf("mail %d of mailbox %d was withheld", e.UID, e.MailboxID)
		}
	}
	if len(count) != 4 || count["Bom dia 1"] != 1 || count["Bom dia 2"] != 1 || count["Bom dia 100"] != 1 {
		t.Errorf("kept %v", count)
	}
	eventually(t, "all is well again", func() bool { return w.health.of("imap:"+a.Address) == "alive" })
	if word := w.health.of("imap:" + b.Address); word != "alive" {
		t.Errorf("the other mailbox is %q", word)
	}
}
