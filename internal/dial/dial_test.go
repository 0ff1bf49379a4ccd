package dial

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// trap listens where nobody may come, and counts who does.
func trap(t *testing.T) (port string, visits *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	visits = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port, visits
}

// Attack 79: hosts that are this machine or its network, however they are written.
func TestAttack079PrivateAddressesAreRefusedWhenConnecting(t *testing.T) {
	t.Parallel()
	port, visits := trap(t)
	d := New(nil)
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::", "169.254.169.254", "10.0.0.1", "172.16.0.1", "172.31.255.255",
		"192.168.1.1", "100.64.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
		"2002:7f00:1::", "2001:0:7f00:1::", "fd00::1", "fe80::1%lo", "fec0::1", "ff02::1", "224.0.0.1", "255.255.255.255",
		"240.0.0.1", "198.18.0.1", "192.0.0.8", "192.0.2.1", "2001:db8::1", "localhost", "localhost.", "ip6-localhost",
	} {
		conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err == nil {
			conn.Close()
			t.Errorf("connected to %s", host)
			continue
		}
		// A name this machine does not know is refused by not being found.
		if notFound := (*net.DNSError)(nil); !errors.Is(err, ErrRefused) && !errors.As(err, &notFound) {
			t.Errorf("%s: %v, want it refused", host, err)
		}
	}
	client := d.Client(1 << 10)
	for _, url := range []string{
		"http://2130706433:" + port, "http://0x7f.1:" + port, "http://127.1:" + port, "http://0177.0.0.1:" + port, "http://x@127.0.0.1:" + port,
		"http://127.0.0.1:" + port, "http://[::ffff:127.0.0.1]:" + port, "file:///etc/passwd", "gopher://127.0.0.1:" + port + "/_x", "ftp://127.0.0.1/", "http:///x",
	} {
		if answer, err := get(t.Context(), client, url); err == nil {
			answer.Body.Close()
			t.Errorf("%s was answered", url)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d connections came through", n)
	}
}

func TestOnlyTCPIsDialled(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "unix"} {
		if conn, err := New(loopback).DialContext(t.Context(), network, "127.0.0.1:9"); err == nil {
			conn.Close()
			t.Errorf("dialled over %s", network)
		}
	}
}

func TestAllowedNetworksAreReached(t *testing.T) {
	t.Parallel()
	port, _ := trap(t)
	conn, err := New(loopback).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestPublicAddressesMayBeReached(t *testing.T) {
	t.Parallel()
	d := New(nil)
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "200.160.2.3", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2804::1", "::ffff:8.8.8.8"} {
		if !d.May(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
}

// Whatever netip itself calls private, local or multicast is never public.
func TestNothingSpecialIsPublic(t *testing.T) {
	t.Parallel()
	d := New(nil)
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")
		if rapid.Bool().Draw(t, "v6") {
			bytes = rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6 address")
		}
		a, _ := netip.AddrFromSlice(bytes)
		u := a.Unmap()
		special := u.IsPrivate() || u.IsLoopback() || u.IsLinkLocalUnicast() || u.IsMulticast() || u.IsUnspecified() || u.IsInterfaceLocalMulticast()
		if special && d.May(a) {
			t.Fatalf("%s may be reached", a)
		}
	})
}

func get(ctx context.Context, c *http.Client, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(r)
}

// Attack 80: an address that is allowed sends on to one that is not. Here
// 127.0.0.1 plays the public one, and 127.0.0.2 what nobody may reach.
func TestAttack080RedirectsAreCheckedLikeTheFirstAddress(t *testing.T) {
	t.Parallel()
	port, visits := trap(t)
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.ReplaceAll(r.URL.Query().Get("to"), "PORT", port), http.StatusFound)
	}))
	defer public.Close()
	client := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}).Client(1 << 10)
	for _, to := range []string{"http://127.0.0.2:PORT/", "http://[::1]:PORT/", "http://0.0.0.0:PORT", "file:///etc/passwd", "gopher://127.0.0.2:PORT/"} {
		answer, err := get(t.Context(), client, public.URL+"/?to="+to)
		if err == nil {
			answer.Body.Close()
			t.Errorf("followed a redirect to %s", to)
		} else if !errors.Is(err, ErrRefused) && !strings.HasPrefix(to, "http://[::1]") { // a machine without IPv6 has no such address
			t.Errorf("%s: %v, want it refused", to, err)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d connections came through", n)
	}
}

// Attack 80: a name that resolves to something else each time it is asked. What
// counts is the address that is connected to, so there is no second time.
func TestAttack080RebindingIsDecidedOnTheAddressConnectedTo(t *testing.T) {
	t.Parallel()
	d := New(nil)
	if err := d.control("tcp4", "8.8.8.8:443", nil); err != nil {
		t.Errorf("a public address is refused: %v", err)
	}
	if err := d.control("tcp4", "127.0.0.1:443", nil); !errors.Is(err, ErrRefused) {
		t.Errorf("the same name's second address: %v", err)
	}
}

// Attack 81: servers that answer slowly, without end, or with nothing but redirects.
func TestAttack081ACallIsBoundedInTimeAndSize(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/declared":
			w.Header().Set("Content-Length", fmt.Sprint(10<<30))
			w.WriteHeader(http.StatusOK)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1 << 10 {
				if _, err := z.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		case "/exact":
			w.Write(make([]byte, 1<<16))
		case "/drip":
			for {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-release:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		default:
			http.Redirect(w, r, "/again"+r.URL.Path, http.StatusFound)
		}
	}))
	defer server.Close()
	defer close(release)
	client := New(loopback).Client(1 << 16)
	for _, path := range []string{"/endless", "/declared", "/bomb"} {
		err := read(t.Context(), client, server.URL+path)
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want it cut off", path, err)
		}
	}
	if err := read(t.Context(), client, server.URL+"/exact"); err != nil {
		t.Errorf("an answer of just the limit: %v", err)
	}
	if err := read(t.Context(), client, server.URL+"/loop"); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("endless redirects: %v", err)
	}
	if err := read(t.Context(), client, server.URL+"/headers"); err == nil {
		t.Error("a megabyte of headers was taken")
	}
	short := *client
	short.Timeout = 200 * time.Millisecond // the same path as the ten seconds of Client
	start := time.Now()
	if err := read(t.Context(), &short, server.URL+"/drip"); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("a byte now and then: %v after %s", err, time.Since(start))
	}
	if client.Timeout != clientTimeout {
		t.Errorf("a call may take %s", client.Timeout)
	}
}

func read(ctx context.Context, c *http.Client, url string) error {
	answer, err := get(ctx, c, url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
