package area

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Bounds of what a request carries.
const (
	MaxLent   = 10       // files
	maxBarred = 25 << 20 // bytes of a file that has to be read through
)

// Blobs keeps the bytes of files (blob.Store).
type Blobs interface {
	Open(hash string) (io.ReadSeekCloser, error)
	Put(ctx context.Context, r io.Reader, limit int64) (blob.Ref, error)
}

// lent are the files that a question carries, as its area will see them.
type lent struct {
	files []ticket.File
	bare  bool // nothing in them was found to tell who the customer is
}

// lend makes a question's files ready, outside of any transaction. When the
// customer is hidden, names are replaced, what programs have noted in pictures is
// taken out, a text that tells who it is is refused, and so is every type of
// which that cannot be said; what can only be seen is for the asker to look at.
func (s *Service) lend(ctx context.Context, actor access.Actor, ticketID int64, q Question) (lent, error) {
	if len(q.Files) == 0 {
		return lent{}, nil
	}
	if len(q.Files) > MaxLent {
		return lent{}, ticket.Wrong("files", "too_many", MaxLent)
	}
	t, err := ticket.ByID(ctx, s.DB.Gorm, ticketID)
	if err == nil && !actor.MaySee(t.Audience()) {
		err = ticket.ErrNotFound
	}
	if err != nil {
		return lent{}, err
	}
	files, err := ticket.Said(ctx, s.DB.Gorm, ticketID, q.Files)
	if errors.Is(err, ticket.ErrNoFile) {
		return lent{}, ticket.Wrong("files", "unknown_choice")
	}
	if err != nil {
		return lent{}, err
	}
	a, err := areaByID(ctx, s.DB.Gorm, q.AreaID)
	if err != nil {
		return lent{}, ticket.Wrong("area_id", "unknown_choice").Because(err)
	}
	if !hides(a, t, q) {
		return lent{files: files}, nil
	}
	if !q.Looked {
		return lent{}, ticket.Wrong("looked", "area_look")
	}
	known, err := identifying(ctx, s.DB.Gorm, t)
	if err != nil {
		return lent{}, err
	}
	for i := range files {
		if files[i], err = s.unnamed(ctx, files[i], i+1, known); err != nil {
			return lent{}, err
		}
	}
	return lent{files: files, bare: true}, nil
}

func hides(a Area, t ticket.Ticket, q Question) bool {
	if q.Hides != nil {
		return *q.Hides || t.Walled
	}
	return a.Hides || t.Walled
}

// unnamed gives the n-th file as an area sees it that must not know whose it is.
func (s *Service) unnamed(ctx context.Context, f ticket.File, n int, known marks) (ticket.File, error) {
	content, err := s.content(f)
	if err != nil {
		return ticket.File{}, err
	}
	clean, ok := bare(f.Mime, content)
	if !ok {
		return ticket.File{}, ticket.Wrong("files", "area_file_type")
	}
	if known.in(legible(clean)) || known.in(latin(clean)) {
		return ticket.File{}, ticket.Wrong("files", "area_file_reveals")
	}
	ref, err := s.Blobs.Put(ctx, bytes.NewReader(clean), maxBarred)
	if err != nil {
		return ticket.File{}, err
	}
	f.Blob, f.Size = ref.Hash, ref.Size
	f.Name = i18n.Text(i18n.Default, "area.file", map[string]any{"n": n}) + ending(f.Mime)
	return f, nil
}

func (s *Service) content(f ticket.File) ([]byte, error) {
	r, err := s.Blobs.Open(f.Blob)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxBarred+1))
	if err != nil {
		return nil, fmt.Errorf("read a file of ticket %d: %w", f.TicketID, err)
	}
	if len(content) > maxBarred {
		return nil, ticket.Wrong("files", "area_file_type")
	}
	return content, nil
}

// legible is what stands in bytes as UTF-8 or, its noughts left out, as UTF-16.
func legible(content []byte) string {
	return strings.ToValidUTF8(string(bytes.ReplaceAll(content, []byte{0}, nil)), " ")
}

// latin is what stands in bytes as ISO 8859-1, as older programs write.
func latin(content []byte) string {
	var b strings.Builder
	b.Grow(len(content))
	for _, c := range content {
		if c != 0 {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

func ending(mime string) string {
	mime, _, _ = strings.Cut(mime, ";")
	switch mime {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "application/pdf":
		return ".pdf"
	case "text/csv":
		return ".csv"
	}
	return ".txt"
}

// FileByLink is the n-th file of an open request, from 1, for whoever holds its
// link. A wrong link, an ended request and a file that never was are alike.
func (s *Service) FileByLink(ctx context.Context, id, token string, n int) (ticket.File, error) {
	r, _, err := s.opened(ctx, id, token)
	if err != nil {
		return ticket.File{}, orNoFile(err)
	}
	return r.lentFile(n)
}

// FileInDesk is the same for the people of the area's team.
func (s *Service) FileInDesk(ctx context.Context, actor access.Actor, id string, n int) (ticket.File, error) {
	all, err := read(ctx, s.DB.Gorm, `WHERE r.id = ? AND r.team_id IN ?`, id, append([]int64{0}, actor.Teams...))
	if err != nil {
		return ticket.File{}, err
	}
	if len(all) == 0 {
		return ticket.File{}, ticket.ErrNoFile
	}
	return all[0].lentFile(n)
}

func (r Request) lentFile(n int) (ticket.File, error) {
	if r.State != Open || n < 1 || n > len(r.Files) {
		return ticket.File{}, ticket.ErrNoFile
	}
	return r.Files[n-1], nil
}

func orNoFile(err error) error {
	if fault.From(err).Kind == fault.NotFound {
		return ticket.ErrNoFile
	}
	return err
}
