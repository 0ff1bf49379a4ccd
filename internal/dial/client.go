package dial

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	clientTimeout = 10 * time.Second
	maxRedirects  = 3
	maxHeader     = 64 << 10
)

var errScheme = errors.New("neither http nor https")

// Client makes an HTTP client for calls to addresses that others chose. A call
// takes at most ten seconds, reading the answer included; it follows at most
// three redirects, each connected to under the same rules as the first address;
// it speaks http and https only, through no proxy, and keeps no cookies. Reading
// more than limit bytes of an answer (unpacked) fails with ErrTooLarge.
func (d *Dialer) Client(limit int64) *http.Client {
	transport := &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    clientTimeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        16,
		IdleConnTimeout:        30 * time.Second,
	}
	return &http.Client{
		Transport: bounded{transport, limit},
		Timeout:   clientTimeout,
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}
}

// bounded refuses what is no web address, and cuts answers off at their limit.
type bounded struct {
	next  http.RoundTripper
	limit int64
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !web(r.URL) {
		return nil, ErrRefused.Because(errScheme)
	}
	answer, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > b.limit {
		answer.Body.Close()
		return nil, ErrTooLarge.With("limit", b.limit)
	}
	answer.Body = &body{answer.Body, b.limit, b.limit}
	return answer, nil
}

// CloseIdleConnections lets go of what the client keeps for its next call.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func web(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

type body struct {
	io.ReadCloser
	limit, left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge.With("limit", b.limit)
	}
	// One byte more than may be is asked for: only its coming tells a body that goes
	// on from one that ends exactly here.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrTooLarge.With("limit", b.limit)
	}
	return n, err
}
