package account

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

// How long a password must and may be, in characters (code points after
// normalisation). Length is the only rule of form, as NIST SP 800-63B 5.1.1.2
// asks: rules about digits and signs make passwords worse.
const (
	MinPassword = 8
	MaxPassword = 200
)

// maxPasswordBytes is where we stop reading, before any work is done.
const maxPasswordBytes = 8 * MaxPassword

//go:embed common_passwords.txt
var commonList string

// commonPasswords are what is tried first here, among those that are long enough.
var commonPasswords = func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonList) {
		set[strings.TrimSpace(line)] = true
	}
	return set
}()

// refusePassword returns the code of what is wrong with a new password, or "".
func refusePassword(password, email string) string {
	if len(password) > maxPasswordBytes {
		return "password_too_long"
	}
	if !utf8.ValidString(password) || strings.ContainsRune(password, 0) {
		return "password_unreadable"
	}
	password = norm.NFKC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return "password_too_short"
	case n > MaxPassword:
		return "password_too_long"
	}
	if plain := strings.ToLower(password); commonPasswords[plain] || plain == email {
		return "password_common"
	}
	return ""
}

// argon are OWASP's parameters for argon2id: 19 MiB, two passes, one lane;
// 27 ms on the machine where they were chosen.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxHashing bounds the log-ins that wait for their turn. Beyond it a log-in is
// told to come back, instead of growing a queue that nobody will wait for.
const maxHashing = 256

// hasher makes and checks password hashes, few at a time: each holds 19 MiB and
// a core, and a storm of log-ins must not take the cores from the queue.
type hasher struct {
	running chan struct{}
	present chan struct{} // running and waiting
	nobody  string
}

func newHasher() *hasher {
	return &hasher{
		running: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		present: make(chan struct{}, maxHashing),
		nobody:  hashOfNobody(),
	}
}

// hash turns a password into what is stored.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(norm.NFKC.String(password), argon)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// matches reports whether the password belongs to the hash. An empty hash
// stands for nobody: it costs the same time and never matches.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if len(password) > maxPasswordBytes {
		password = "" // too long to be anybody's; costs what any other costs
	}
	nobody := hash == ""
	if nobody {
		hash = h.nobody
	}
	ok, err := argon2id.ComparePasswordAndHash(norm.NFKC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare a password with its hash: %w", err)
	}
	return ok && !nobody, nil
}

// enter waits for a turn; leave must be called when it returns no error.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.present <- struct{}{}:
	default:
		return nil, ErrBusy.After(5 * time.Second)
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.present }, nil
	case <-ctx.Done():
		<-h.present
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

// hashOfNobody has the form and the cost of a real hash, and belongs to no
// password: its key is random.
func hashOfNobody() string {
	random := make([]byte, argon.SaltLength+argon.KeyLength)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argon.Memory, argon.Iterations, argon.Parallelism,
		b64.EncodeToString(random[:argon.SaltLength]), b64.EncodeToString(random[argon.SaltLength:]))
}
