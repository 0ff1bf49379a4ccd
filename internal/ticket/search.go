package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/folding"
)

// ErrSearchSlow is a search that was given up so that it does not hold up the queue.
var ErrSearchSlow = fault.New(fault.Unavailable, "search_too_slow")

// Bounds of a search.
const (
	searchTimeout = 800 * time.Millisecond
	maxQuery      = 200    // runes of it that are looked at
	maxWords      = 12     // words of it that are looked for
	maxHits       = 1000   // tickets it finds at most
	frequent      = 0.02   // a word in more messages than this is not ranked
	window        = 50_000 // newest messages in which frequent words are looked for
)

// search is what somebody typed, understood as one of three things.
type search struct {
	protocol   string   // digits a protocol begins with
	identities []string // canonical forms of an e-mail, phone or document
	words      string   // folded, one space between

	filters where   // on the ticket, the scope among them
	after   *cursor // where the page begins
}

// newSearch understands what was typed. A protocol, or at least its day; else
// an address, phone or document; else words. It accepts anything: what has no
// letter and no digit finds nothing.
func newSearch(typed string) *search {
	if runes := []rune(typed); len(runes) > maxQuery {
		typed = string(runes[:maxQuery])
	}
	typed = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(typed, " "), "\x00", " ")) // PostgreSQL has no NUL
	s := &search{}
	if digits, ok := onlyDigits(typed); ok && len(digits) >= 8 && len(digits) <= protocolLength {
		// Eight digits may be a day and a phone alike: both are looked up.
		s.protocol = digits
	}
	if at := strings.IndexByte(typed, '@'); at > 0 && at < len(typed)-1 && !strings.ContainsAny(typed, " \t") {
		s.identities = append(s.identities, strings.ToLower(typed))
	}
	if cpf, err := brazil.ParseCPF(typed); err == nil {
		s.identities = append(s.identities, string(cpf))
	}
	if cnpj, err := brazil.ParseCNPJ(typed); err == nil {
		s.identities = append(s.identities, string(cnpj))
	}
	if phone, err := brazil.ParseCallerID(typed); err == nil {
		s.identities = append(s.identities, string(phone))
	}
	if s.protocol == "" && s.identities == nil {
		words := strings.Fields(folding.Fold(typed))
		s.words = strings.Join(words[:min(len(words), maxWords)], " ")
	}
	return s
}

// onlyDigits drops what people put between the digits of a number.
func onlyDigits(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" .-/", r):
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// narrow keeps the conditions under which a ticket may be found. What is hidden
// is left out before hits are counted, so that it cannot push out what is visible.
func (s *search) narrow(q Query, filters where, after *cursor) {
	teams := q.teams("t.team_id")
	s.filters, s.after = filters.with(teams.String(), teams.args...), after
	if !q.Actor.Scope().Walled || q.View == ViewTeam {
		s.filters.add("NOT t.walled")
	}
	s.filters.unbarred(q.Actor.Scope())
}

// searched runs the search under its own time limit.
func (l *list) searched(ctx context.Context, db *gorm.DB) (rows []ranked, err error) {
	if l.search.empty() {
		return nil, nil
	}
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(fmt.Sprintf("SET LOCAL statement_timeout = %d", searchTimeout.Milliseconds())).Error; err != nil {
			return err
		}
		var often bool
		if l.search.words != "" {
			if err := tx.Raw(isFrequent, frequent, l.search.words).Scan(&often).Error; err != nil {
				return err
			}
		}
		statement, args := l.search.statement(l.sort, l.limit, often)
		return tx.Raw(statement, args...).Scan(&rows).Error
	}, &sql.TxOptions{ReadOnly: true})
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "57014" && ctx.Err() == nil {
		return nil, ErrSearchSlow.Because(err)
	}
	return rows, err
}

func (s *search) empty() bool {
	return s.protocol == "" && s.identities == nil && s.words == ""
}

// isFrequent asks the planner's own statistics whether even the rarest of the
// words stands in more than a given part of the messages.
const isFrequent = `WITH common AS (
		SELECT c.word, c.part FROM pg_stats s, unnest(s.most_common_elems::text::text[],
			s.most_common_elem_freqs[1:cardinality(s.most_common_elems::text::text[])]) AS c(word, part)
		WHERE s.schemaname = current_schema AND s.tablename = 'messages' AND s.attname = 'search')
	SELECT min(coalesce(common.part, 0)) > ? FROM unnest(string_to_array(?, ' ')) AS w(word)
	LEFT JOIN common ON common.word = w.word`

// statement writes the page: the tickets it hits, in the order asked for.
func (s *search) statement(sort Sort, limit int, often bool) (string, []any) {
	hits, args := s.hits(often)
	var w where
	by := "hit.rank DESC, t.id DESC"
	if sort != SortRelevance {
		by = orders[sort].by
	}
	switch {
	case s.after == nil:
	case sort == SortRelevance:
		w.add("(hit.rank, t.id) < (?::bigint, ?)", s.after.key, s.after.id)
	default:
		w.add(orders[sort].after, s.after.at(), s.after.id)
	}
	return fmt.Sprintf(`WITH hit AS MATERIALIZED (%s)
		SELECT t.*, hit.rank FROM hit JOIN tickets t ON t.id = hit.id WHERE %s ORDER BY %s LIMIT %d`,
		hits, w, by, limit+1), append(args, w.args...)
}

// hits writes the statement that finds (id, rank).
func (s *search) hits(often bool) (statement string, args []any) {
	var found []string
	if s.protocol != "" {
		found = append(found, `(SELECT p.ticket_id FROM protocols p WHERE p.protocol BETWEEN ? AND ? ORDER BY p.protocol DESC)`)
		args = append(args, s.protocol+strings.Repeat("0", protocolLength-len(s.protocol)),
			s.protocol+strings.Repeat("9", protocolLength-len(s.protocol)))
	}
	if s.identities != nil {
		found = append(found, `(SELECT o.id FROM identities i JOIN tickets o ON o.customer_id = i.customer_id WHERE i.value IN ?
			AND i.kind IN ('email', 'phone', 'cpf', 'cnpj'))`)
		args = append(args, s.identities)
	}
	if found == nil {
		find := rareWords
		if often {
			find = frequentWords
		}
		return fmt.Sprintf(find, s.filters), append([]any{s.words}, s.filters.args...)
	}
	return fmt.Sprintf(`SELECT DISTINCT t.id, 0 AS rank FROM (%s) f(id) JOIN tickets t ON t.id = f.id WHERE %s ORDER BY t.id DESC LIMIT %d`,
		strings.Join(found, " UNION ALL "), s.filters, maxHits), append(args, s.filters.args...)
}

// rareWords ranks every message that has all the words.
var rareWords = fmt.Sprintf(`SELECT t.id, max((1e6 * ts_rank(m.search, w))::bigint) AS rank
	FROM plainto_tsquery('simple', ?) w JOIN messages m ON m.search @@ w JOIN tickets t ON t.id = m.ticket_id
	WHERE %%s GROUP BY t.id ORDER BY 2 DESC, 1 DESC LIMIT %d`, maxHits)

// frequentWords takes the newest: ranking a tenth of all messages takes seconds
// and says nothing. It stops at the thousandth hit, or at the end of the window;
// OFFSET 0 keeps the planner from joining all tickets first.
var frequentWords = fmt.Sprintf(`SELECT h.id, max(h.rank) AS rank FROM (
		SELECT t.id, m.id AS rank FROM plainto_tsquery('simple', ?) w CROSS JOIN LATERAL
			(SELECT n.id, n.ticket_id, n.search FROM messages n ORDER BY n.id DESC LIMIT %d) m
		CROSS JOIN LATERAL (SELECT t.id FROM tickets t WHERE t.id = m.ticket_id AND %%s OFFSET 0) t
		WHERE m.search @@ w LIMIT %d) h GROUP BY h.id`, window, maxHits)
