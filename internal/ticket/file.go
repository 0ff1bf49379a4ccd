package ticket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// MaxFiles bounds the files of one message.
const MaxFiles = 20

// File is a file under a ticket: what is known of it, and where its bytes are.
type File struct {
	ID       int64
	TicketID int64
	Blob     string // address in the blob store
	Name     string // as the sender called it; for people only
	Mime     string // sniffed, never the sender's word
	Size     int64  // bytes
	Token    string // 128 random bits or more: the unguessable part of its link
	// ContentID is how its message's HTML calls an image that it shows; empty for
	// a file that only hangs on.
	ContentID string
	At        time.Time
	// Inner is a file of a note, of an area's answer or lent to an area: no customer may have it.
	Inner bool
}

type fileRow struct {
	ID        int64
	TicketID  int64
	MessageID *int64
	AnswerID  *int64
	Blob      string
	Name      string
	Mime      string
	Size      int64
	Token     string
	ContentID string
	At        time.Time
	TeamID    int64
	Walled    bool
	Barred    access.Barred
}

func (r fileRow) file() File {
	return File{ID: r.ID, TicketID: r.TicketID, Blob: r.Blob, Name: r.Name, Mime: r.Mime, Size: r.Size, Token: r.Token, ContentID: r.ContentID, At: r.At,
		Inner: r.MessageID == nil}
}

func attach(ctx context.Context, tx *gorm.DB, ticketID, messageID int64, f File, at time.Time) (File, error) {
	return hang(ctx, tx, ticketID, "message_id", messageID, f, at)
}

// AttachAnswer puts the files of an area's answer under its ticket.
func AttachAnswer(ctx context.Context, tx *gorm.DB, ticketID, answerID int64, files []File, at time.Time) error {
	for _, f := range files {
		if _, err := hang(ctx, tx, ticketID, "answer_id", answerID, f, at); err != nil {
			return err
		}
	}
	return nil
}

// hang stores a file by its owner, which the column names.
func hang(ctx context.Context, tx *gorm.DB, ticketID int64, column string, owner int64, f File, at time.Time) (File, error) {
	f.TicketID, f.Token, f.At, f.Inner = ticketID, rand.Text(), at, column != "message_id"
	err := tx.WithContext(ctx).Raw(`INSERT INTO attachments (ticket_id, `+column+`, blob, name, mime, size, token, content_id, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		f.TicketID, owner, f.Blob, f.Name, f.Mime, f.Size, f.Token, f.ContentID, f.At).Scan(&f.ID).Error
	if err != nil {
		return File{}, fmt.Errorf("attach a file to ticket %d: %w", ticketID, err)
	}
	return f, nil
}

// filesOf reads the files of a ticket's messages, by message.
func filesOf(ctx context.Context, db *gorm.DB, ticketID int64) (map[int64][]File, error) {
	var rows []fileRow
	err := db.WithContext(ctx).Raw(`SELECT id, ticket_id, message_id, blob, name, mime, size, token, content_id, at FROM attachments
		WHERE ticket_id = ? AND message_id IS NOT NULL ORDER BY id DESC LIMIT ?`, ticketID, longest).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the files of ticket %d: %w", ticketID, err)
	}
	files := map[int64][]File{}
	for i := len(rows) - 1; i >= 0; i-- {
		files[*rows[i].MessageID] = append(files[*rows[i].MessageID], rows[i].file())
	}
	return files, nil
}

// AnswerFiles reads the files of areas' answers, by answer.
func AnswerFiles(ctx context.Context, db *gorm.DB, answers []int64) (map[int64][]File, error) {
	if len(answers) == 0 {
		return nil, nil
	}
	var rows []fileRow
	err := db.WithContext(ctx).Raw(`SELECT id, ticket_id, answer_id, blob, name, mime, size, token, content_id, at FROM attachments
		WHERE answer_id IN ? ORDER BY id`, answers).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the files of areas' answers: %w", err)
	}
	files := map[int64][]File{}
	for _, r := range rows {
		files[*r.AnswerID] = append(files[*r.AnswerID], r.file())
	}
	return files, nil
}

// ErrNoFile is a file that is absent, or whose ticket is hidden from the asker.
var ErrNoFile = fault.New(fault.NotFound, "file_not_found")

// FileByToken finds a file by its link, with the audience that its ticket has
// now: a link does not outlive the right to see the ticket.
func FileByToken(ctx context.Context, db *gorm.DB, token string) (File, access.Audience, error) {
	var r fileRow
	err := db.WithContext(ctx).Raw(`SELECT a.id, a.ticket_id, a.message_id, a.blob, a.name, a.mime, a.size, a.token, a.content_id, a.at,
		t.team_id, t.walled, t.barred FROM attachments a JOIN tickets t ON t.id = a.ticket_id WHERE a.token = ?`, token).Take(&r).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return File{}, access.Audience{}, ErrNoFile
	case err != nil:
		return File{}, access.Audience{}, fmt.Errorf("read a file: %w", err)
	}
	return r.file(), access.Audience{Team: r.TeamID, Walled: r.Walled, Barred: r.Barred}, nil
}
