package area

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Links makes the addresses by which an area answers without an account, and
// checks them. A token is an HMAC over the request and which of its addresses it
// was mailed to, under a key of its own: nothing is stored, no token of a ticket
// is one of a request, and who answers is known as far as a mailbox is.
type Links struct {
	base string
	key  []byte
}

// Grace is how long a link still shows that its request is over.
const Grace = 7 * 24 * time.Hour

// NewLinks derives the key (HKDF, RFC 5869) from the installation's secret. base
// is our own address, without a slash at its end.
func NewLinks(secret []byte, base string) Links {
	// Fails only for keys longer than SHA-256 can make.
	key, _ := hkdf.Key(sha256.New, secret, nil, "escuta area link v1", sha256.Size)
	return Links{strings.TrimSuffix(base, "/"), key}
}

// Link is the address of a request's page for its n-th address, from 0.
func (l Links) Link(request string, n int) string {
	return l.base + "/pedido/" + request + "?token=" + l.Token(request, n)
}

// FileLink is the address of a request's k-th file, from 1, for its n-th address.
func (l Links) FileLink(request string, k, n int) string {
	return l.base + "/pedido/" + request + "/arquivos/" + strconv.Itoa(k) + "?token=" + l.Token(request, n)
}

// Token is what lets the n-th address of a request at it.
func (l Links) Token(request string, n int) string {
	return strconv.Itoa(n) + "." + l.sign(request, n)
}

// verify tells which address of the request a token was mailed to. It takes as
// long for a wrong one as for a right one.
func (l Links) verify(request, token string) (n int, ok bool) {
	number, signature, _ := strings.Cut(token, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= maxMails || len(token) > 100 || len(l.key) == 0 {
		n, err = 0, strconv.ErrRange
	}
	same := hmac.Equal([]byte(signature), []byte(l.sign(request, n)))
	return n, same && err == nil && strconv.Itoa(n) == number
}

func (l Links) sign(request string, n int) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(strconv.Itoa(n) + "|" + request))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:20])
}
