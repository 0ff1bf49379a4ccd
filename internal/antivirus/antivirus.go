// Package antivirus has files looked at by a virus scanner, when one is configured:
// clamd, spoken to in its own INSTREAM words. A verdict belongs to a content, so
// it is asked for once and kept. What has no verdict is kept too and handed out
// to nobody until there is one: with the scanner away nothing is lost and nothing
// gets through.
package antivirus

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrInfected is a file in which something was found.
	ErrInfected = fault.New(fault.Forbidden, "file_infected")
	// ErrUnscanned is a file that nobody has looked at yet.
	ErrUnscanned = fault.New(fault.Unavailable, "file_unscanned").After(10 * time.Second)
)

const (
	chunk    = 64 << 10         // bytes sent at once
	patience = 20 * time.Second // for one file, the scanner's work included
	longest  = 1 << 10          // bytes of its answer
)

// Files opens a file by the hash of its content.
type Files interface {
	Open(name string) (io.ReadSeekCloser, error)
}

// Scanner knows what is in files. A nil one finds everything clean: there is
// no scanner.
type Scanner struct {
	network, address string
	files            Files
	db               *gorm.DB
}

// New makes a scanner that asks clamd at address: host:port, or the path of its
// socket. An empty address is no scanner.
func New(address string, files Files, db *gorm.DB) *Scanner {
	if address == "" {
		return nil
	}
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	return &Scanner{network, address, files, db}
}

// Check returns nil for a clean file, ErrInfected, or ErrUnscanned when it could
// not be looked at now.
func (s *Scanner) Check(ctx context.Context, blob string) error {
	if s == nil {
		return nil
	}
	var known struct{ Verdict string }
	if err := s.db.WithContext(ctx).Raw("SELECT verdict FROM blob_scans WHERE blob = ?", blob).Scan(&known).Error; err != nil {
		return fmt.Errorf("look for the verdict on a file: %w", err)
	}
	switch known.Verdict {
	case "clean":
		return nil
	case "infected":
		return ErrInfected
	}
	found, err := s.look(ctx, blob)
	if err != nil {
		return ErrUnscanned.Because(err)
	}
	verdict := "clean"
	if found != "" {
		verdict = "infected"
	}
	err = s.db.WithContext(ctx).Exec("INSERT INTO blob_scans (blob, verdict, found) VALUES (?, ?, ?) ON CONFLICT (blob) DO NOTHING",
		blob, verdict, found).Error
	if err != nil {
		return fmt.Errorf("keep the verdict on a file: %w", err)
	}
	if found != "" {
		return ErrInfected
	}
	return nil
}

// Verdict is what is known of a file without asking anybody.
type Verdict string

// The verdicts. One that nobody asked for yet is Waiting: the file is looked at
// when somebody opens it.
const (
	Waiting  Verdict = "waiting"
	Clean    Verdict = "clean"
	Infected Verdict = "infected"
)

// Known gives the verdicts of files by the hash of their content. Without a
// scanner nothing is said of any of them.
func (s *Scanner) Known(ctx context.Context, blobs []string) (map[string]Verdict, error) {
	if s == nil || len(blobs) == 0 {
		return nil, nil
	}
	var rows []struct {
		Blob    string
		Verdict Verdict
	}
	if err := s.db.WithContext(ctx).Raw("SELECT blob, verdict FROM blob_scans WHERE blob IN ?", blobs).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("look for the verdicts on %d files: %w", len(blobs), err)
	}
	known := make(map[string]Verdict, len(blobs))
	for _, blob := range blobs {
		known[blob] = Waiting
	}
	for _, r := range rows {
		known[r.Blob] = r.Verdict
	}
	return known, nil
}

// look sends a file to clamd (INSTREAM of clamd's protocol) and returns what it
// found, empty for nothing.
func (s *Scanner) look(ctx context.Context, blob string) (found string, err error) {
	content, err := s.files.Open(blob)
	if err != nil {
		return "", fmt.Errorf("open a file for the scanner: %w", err)
	}
	defer content.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", fmt.Errorf("reach the scanner: %w", err)
	}
	defer conn.Close()
	until, _ := ctx.Deadline()
	if err := conn.SetDeadline(until); err != nil {
		return "", fmt.Errorf("bound the scanner's time: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	sent := stream(conn, content)
	// An answer that came before the end (a limit of the scanner's) says more than
	// the broken pipe.
	answer, err := bufio.NewReaderSize(io.LimitReader(conn, longest), longest).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("hear the scanner: %w", errors.Join(sent, err))
	}
	return verdict(strings.TrimRight(answer, "\x00\n"))
}

func stream(to io.Writer, content io.Reader) error {
	if _, err := io.WriteString(to, "zINSTREAM\x00"); err != nil {
		return err
	}
	part := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(content, part[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(part, uint32(n))
			if _, err := to.Write(part[:4+n]); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			_, err := to.Write([]byte{0, 0, 0, 0})
			return err
		default:
			return err
		}
	}
}

// verdict reads "stream: OK" and "stream: <name> FOUND"; anything else is none.
func verdict(answer string) (found string, err error) {
	said, ok := strings.CutPrefix(answer, "stream: ")
	if ok && said == "OK" {
		return "", nil
	}
	if name, yes := strings.CutSuffix(said, " FOUND"); ok && yes && name != "" {
		return name, nil
	}
	return "", fmt.Errorf("the scanner says %q", answer)
}
