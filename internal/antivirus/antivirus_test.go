package antivirus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// eicar is the test virus in two halves, so that no scanner finds it here.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// clamd answers like the real one, with what it was sent to look at.
func clamd(t *testing.T, say func(content []byte) string) (address string, asked func() int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	n := 0
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				mu.Lock()
				n++
				mu.Unlock()
				command := make([]byte, len("zINSTREAM\x00"))
				if _, err := io.ReadFull(conn, command); err != nil || string(command) != "zINSTREAM\x00" {
					return
				}
				var content bytes.Buffer
				for {
					var size uint32
					if binary.Read(conn, binary.BigEndian, &size) != nil {
						return
					}
					if size == 0 {
						break
					}
					if _, err := io.CopyN(&content, conn, int64(size)); err != nil {
						return
					}
				}
				io.WriteString(conn, say(content.Bytes()))
			})
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return ln.Addr().String(), func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func looksForEICAR(content []byte) string {
	if bytes.Contains(content, []byte("EICAR")) {
		return "stream: Win.Test.EICAR_HDB-1 FOUND\x00"
	}
	return "stream: OK\x00"
}

func TestAttack87EICARIsFoundOnceAndForEver(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	files, err := blob.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) string {
		ref, err := files.Put(t.Context(), strings.NewReader(text), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return ref.Hash
	}
	address, asked := clamd(t, looksForEICAR)
	s := New(address, files, db.Gorm)
	clean, bad := put(strings.Repeat("nota fiscal ", 20_000)), put(eicar)
	for range 3 {
		if err := s.Check(t.Context(), clean); err != nil {
			t.Errorf("a clean file: %v", err)
		}
		if err := s.Check(t.Context(), bad); !errors.Is(err, ErrInfected) {
			t.Errorf("the test virus: %v", err)
		}
	}
	if n := asked(); n != 2 {
		t.Errorf("the scanner was asked %d times about two files", n)
	}

	// Away, confused, silent or cut short: no verdict, so nothing is handed out.
	for _, say := range []string{"", "stream: OK", "INSTREAM size limit exceeded. ERROR\x00", "stream:  FOUND\x00", "stream: " + strings.Repeat("x", 2<<10)} {
		address, _ := clamd(t, func([]byte) string { return say })
		if err := New(address, files, db.Gorm).Check(t.Context(), put("new "+say)); !errors.Is(err, ErrUnscanned) {
			t.Errorf("%.40q: %v", say, err)
		}
	}
	if err := New("127.0.0.1:1", files, db.Gorm).Check(t.Context(), put("another")); !errors.Is(err, ErrUnscanned) {
		t.Errorf("with nobody there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ended, put("a third")); err == nil {
		t.Error("whoever stopped asking got a verdict")
	}
	var none *Scanner
	if known, err := s.Known(t.Context(), []string{clean, bad, "unseen"}); err != nil || known[clean] != Clean || known[bad] != Infected || known["unseen"] != Waiting {
		t.Errorf("known is %v, %v", known, err)
	}
	if known, err := none.Known(t.Context(), []string{bad}); err != nil || len(known) != 0 {
		t.Errorf("without a scanner is known %v, %v", known, err)
	}
	if err := none.Check(t.Context(), bad); err != nil || New("", files, db.Gorm) != nil {
		t.Errorf("without a scanner: %v", err)
	}
}
