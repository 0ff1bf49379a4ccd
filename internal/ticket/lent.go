package ticket

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// lentTo begins the content id of a file that is lent to an area: a row of its
// own, in no message, with the name and the bytes that the area is to see.
const lentTo = "request:"

// Said finds files of what a ticket's customer and we have said, by the tokens of
// their links and in their order. What an answer that was taken back carried, what
// is inner, another ticket's and what never was are alike: not found.
func Said(ctx context.Context, db *gorm.DB, ticketID int64, tokens []string) ([]File, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	var rows []fileRow
	err := db.WithContext(ctx).Raw(`SELECT a.id, a.ticket_id, a.message_id, a.blob, a.name, a.mime, a.size, a.token, a.content_id, a.at
		FROM attachments a JOIN messages m ON m.id = a.message_id WHERE a.ticket_id = ? AND a.token IN ? AND m.delivery <> 'undone'`,
		ticketID, tokens).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find files of ticket %d: %w", ticketID, err)
	}
	found := make(map[string]File, len(rows))
	for _, r := range rows {
		found[r.Token] = r.file()
	}
	files := make([]File, 0, len(tokens))
	for _, token := range tokens {
		f, ok := found[token]
		if !ok {
			return nil, ErrNoFile
		}
		files = append(files, f)
		delete(found, token) // named twice is not there twice
	}
	return files, nil
}

// Lend puts files (Blob, Name, Mime and Size) under a ticket for a request to an area.
func Lend(ctx context.Context, tx *gorm.DB, ticketID int64, request string, files []File, at time.Time) error {
	for _, f := range files {
		err := tx.WithContext(ctx).Exec(`INSERT INTO attachments (ticket_id, blob, name, mime, size, token, content_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			ticketID, f.Blob, f.Name, f.Mime, f.Size, rand.Text(), lentTo+request, at).Error
		if err != nil {
			return fmt.Errorf("lend a file of ticket %d: %w", ticketID, err)
		}
	}
	return nil
}

// Lent reads the files that tickets lend, by request, in the order in which they
// were chosen. tickets are those to which the requests belong.
func Lent(ctx context.Context, db *gorm.DB, tickets []int64, requests []string) (map[string][]File, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	marks := make([]string, len(requests))
	for i, id := range requests {
		marks[i] = lentTo + id
	}
	var rows []fileRow
	// A mail names its images as it likes, and they hang in its message.
	err := db.WithContext(ctx).Raw(`SELECT id, ticket_id, blob, name, mime, size, token, content_id, at FROM attachments
		WHERE ticket_id IN ? AND content_id IN ? AND message_id IS NULL AND note_id IS NULL AND answer_id IS NULL ORDER BY id`, tickets, marks).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the files lent to areas: %w", err)
	}
	files := map[string][]File{}
	for _, r := range rows {
		id := r.ContentID[len(lentTo):]
		f := r.file()
		f.ContentID = ""
		files[id] = append(files[id], f)
	}
	return files, nil
}
