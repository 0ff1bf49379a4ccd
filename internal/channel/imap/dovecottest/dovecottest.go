// Package dovecottest starts a Dovecot of its own for a test: a real IMAP server
// on loopback, with mailboxes made on first use, that disappears with the test. A
// machine without Dovecot fails the test; nothing is skipped.
package dovecottest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Password opens every mailbox.
const Password = "senha"

// Server is a running Dovecot.
type Server struct {
	Port int

	t    testing.TB
	dir  string
	conf string
	cmd  *exec.Cmd
	log  string
}

// binary is where Debian puts it, outside of most people's PATH.
const binary = "/usr/sbin/dovecot"

// Start starts a server, for as long as the test lasts.
func Start(t testing.TB) *Server {
	t.Helper()
	// A short path: a socket's may have about a hundred characters.
	dir, err := os.MkdirTemp("", "dove")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{t: t, dir: dir, Port: freePort(t), conf: filepath.Join(dir, "dovecot.conf"), log: filepath.Join(dir, "log")}
	if err := os.WriteFile(s.conf, []byte(s.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"run", "mail", "state"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // Dovecot keeps no mail as root
		if err := os.Chown(filepath.Join(dir, "mail"), nobody(t), -1); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// nobody is whose the mail is when the test runs as root.
func nobody(t testing.TB) int {
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *Server) config() string {
	me, group := strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())
	owner := me
	if me == "0" {
		owner = strconv.Itoa(nobody(s.t))
	}
	name := "nobody"
	if u, err := user.Current(); err == nil && me != "0" {
		name = u.Username
	}
	groupName := group
	if g, err := user.LookupGroupId(group); err == nil {
		groupName = g.Name
	}
	return fmt.Sprintf(`
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 0
default_login_user = %[3]s
default_internal_user = %[3]s
default_internal_group = %[6]s
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:%[1]s/mail/%%u
mailbox_list_index = no
mail_fsync = never
mail_max_userip_connections = 1000
passdb {
  driver = static
  args = password=%[4]s
}
userdb {
  driver = static
  args = uid=%[5]s gid=%[7]s home=%[1]s/mail/%%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[2]d
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service auth {
  user =
}
`, s.dir, s.Port, name, Password, owner, groupName, group)
}

// Start starts it, or starts it again after Kill, and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(binary, "-F", "-c", s.conf)
	// A group of its own, so that Kill ends its processes and nobody else's.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("dovecottest: %v (Debian's package is dovecot-imapd)", err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		c, err := s.dial("inicio@teste.example")
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(s.log)
			s.t.Fatalf("dovecottest: it does not answer: %v\n%s", err, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Kill ends all of it at once, as a crash does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
	// What the group's leader had started may be on its way out still.
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			return
		}
		c.Close()
		time.Sleep(10 * time.Millisecond)
	}
}

// Addr is where it listens.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

func (s *Server) dial(user string) (*imapclient.Client, error) {
	c, err := imapclient.DialInsecure(s.Addr(), nil)
	if err != nil {
		return nil, err
	}
	if err := c.Login(user, Password).Wait(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Client logs in as this user; the test logs out when it ends.
func (s *Server) Client(user string) *imapclient.Client {
	s.t.Helper()
	c, err := s.dial(user)
	if err != nil {
		s.t.Fatalf("dovecottest: log in: %v", err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// Append puts mails into the user's INBOX, in order.
func (s *Server) Append(user string, mails ...[]byte) {
	s.t.Helper()
	if err := s.Deliver(user, mails...); err != nil {
		s.t.Fatalf("dovecottest: append: %v", err)
	}
}

// Deliver puts mails into the user's INBOX, in order, while the server may be
// away or go away. Of a mail that fails nobody knows whether it is there.
func (s *Server) Deliver(user string, mails ...[]byte) error {
	c, err := s.dial(user)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, raw := range mails {
		command := c.Append("INBOX", int64(len(raw)), &imap.AppendOptions{})
		if _, err := command.Write(raw); err != nil {
			return err
		}
		if err := command.Close(); err != nil {
			return err
		}
		if _, err := command.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// Renumber gives the user's INBOX another UIDVALIDITY, as a server does that lost
// its index. The new one is written, because left alone Dovecot takes the second
// of the day, which may be that of the old one.
func (s *Server) Renumber(user string) {
	s.t.Helper()
	box := filepath.Join(s.dir, "mail", user)
	names := filepath.Join(box, "dovecot-uidlist")
	list, err := os.ReadFile(names)
	var version, validity uint32
	if _, scan := fmt.Sscanf(string(list), "%d V%d", &version, &validity); err != nil || scan != nil {
		s.t.Fatalf("dovecottest: no numbers in %s: %v", box, errors.Join(err, scan))
	}
	lists, err := filepath.Glob(filepath.Join(box, "dovecot*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range lists {
		if err := os.RemoveAll(path); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.WriteFile(names, fmt.Appendf(nil, "%d V%d N1\n", version, validity+1), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
