package mailroom

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// How many ids of one mail are looked at. A chain of 2,000 references says no
// more than its ends: the newest are what it answers, the first is where it began.
const (
	maxOwn     = 4
	maxReplies = 4
	newestRefs = 32
	oldestRefs = 4
)

// hashOf is by what a Message-ID is stored.
type hashOf [16]byte

func hashID(id string) hashOf {
	sum := sha256.Sum256([]byte(id))
	return hashOf(sum[:16])
}

// names are the ids that a mail names, cleaned and bounded.
type names struct {
	own  []string // the mail's own: none, one, or several when its sender cannot count
	refs []string // what it refers to, the likeliest to be answered first
}

// newNames takes In-Reply-To first, then the references from the newest to the
// oldest. A mail that refers to itself does not.
func newNames(own, inReplyTo, references []string) names {
	var n names
	seen := map[string]bool{"": true}
	add := func(to *[]string, id string) {
		if !seen[id] {
			seen[id] = true
			*to = append(*to, id)
		}
	}
	for _, id := range own[:min(len(own), maxOwn)] {
		add(&n.own, id)
	}
	for _, id := range inReplyTo[:min(len(inReplyTo), maxReplies)] {
		add(&n.refs, id)
	}
	newest := slices.Clone(references[max(0, len(references)-newestRefs):])
	slices.Reverse(newest)
	for _, id := range newest {
		add(&n.refs, id)
	}
	for _, id := range references[:min(len(references), oldestRefs)] {
		add(&n.refs, id)
	}
	return n
}

// lock makes mails that name a common id, or have the same sender, wait for each
// other until tx ends, on whatever node they are read. So a mail and its reply
// that arrive together see each other's ticket. The keys are sorted: two mails
// that share several ids cannot wait for one another.
func lock(ctx context.Context, tx *gorm.DB, n names, sender string) error {
	keys := make([]int64, 0, len(n.own)+len(n.refs)+1)
	key := func(h hashOf) { keys = append(keys, int64(binary.BigEndian.Uint64(h[:8]))) }
	for _, id := range n.own {
		key(hashID(id))
	}
	for _, id := range n.refs {
		key(hashID(id))
	}
	if sender != "" {
		key(hashID("from:" + sender))
	}
	slices.Sort(keys)
	conn, err := postgres.PgxTx(tx)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) k`, slices.Compact(keys)); err != nil {
		return fmt.Errorf("lock the ids of a mail: %w", err)
	}
	return nil
}

// known is a mail that is known on a ticket.
type known struct {
	TicketID  int64
	MessageID int64 // 0 for an id that was only referred to
	Sender    string
	TextHash  []byte
}

// lookUp finds what is known of the ids, newest ticket first.
func lookUp(ctx context.Context, tx *gorm.DB, n names) (map[hashOf][]known, error) {
	hashes := make([][]byte, 0, len(n.own)+len(n.refs))
	for _, id := range slices.Concat(n.own, n.refs) {
		h := hashID(id)
		hashes = append(hashes, h[:])
	}
	found := map[hashOf][]known{}
	if len(hashes) == 0 {
		return found, nil
	}
	conn, err := postgres.PgxTx(tx)
	if err != nil {
		return nil, err
	}
	// However often an id was used, a few of its tickets are enough to choose from.
	rows, err := conn.Query(ctx, `SELECT u.h, m.ticket_id, coalesce(m.message_id, 0), m.sender, m.text_hash
		FROM unnest($1::bytea[]) u(h) CROSS JOIN LATERAL (
		  SELECT ticket_id, message_id, sender, text_hash FROM mail_ids WHERE hash = u.h ORDER BY ticket_id DESC LIMIT 50) m`, hashes)
	if err != nil {
		return nil, fmt.Errorf("look up the ids of a mail: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h []byte
		var k known
		if err := rows.Scan(&h, &k.TicketID, &k.MessageID, &k.Sender, &k.TextHash); err != nil {
			return nil, fmt.Errorf("look up the ids of a mail: %w", err)
		}
		found[hashOf(h)] = append(found[hashOf(h)], k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look up the ids of a mail: %w", err)
	}
	return found, nil
}

// learn notes where the ids of a mail belong from now on.
func learn(ctx context.Context, tx *gorm.DB, n names, sender string, text []byte, ticketID, messageID int64) error {
	type row struct {
		hash []byte
		own  bool
	}
	var all []row
	for _, id := range n.own {
		h := hashID(id)
		all = append(all, row{h[:], true})
	}
	for _, id := range n.refs {
		h := hashID(id)
		all = append(all, row{h[:], false})
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b row) int { return slices.Compare(a.hash, b.hash) })
	hashes, own := make([][]byte, len(all)), make([]bool, len(all))
	for i, r := range all {
		hashes[i], own[i] = r.hash, r.own
	}
	conn, err := postgres.PgxTx(tx)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `INSERT INTO mail_ids (hash, ticket_id, message_id, sender, text_hash)
		SELECT u.h, $3, CASE WHEN u.own THEN $4::bigint END, $5, CASE WHEN u.own THEN $6::bytea END
		FROM unnest($1::bytea[], $2::boolean[]) u(h, own)
		ON CONFLICT DO NOTHING`, hashes, own, ticketID, messageID, sender, text)
	if err != nil {
		return fmt.Errorf("learn the ids of a mail on ticket %d: %w", ticketID, err)
	}
	return nil
}

// hashText sums up what a mail says, however its lines were broken on the way.
func hashText(text string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return sum[:16]
}
