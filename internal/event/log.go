package event

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
)

const (
	// keptBehind is how far behind the head one may continue. Loading the state
	// again is cheaper than hearing of more changes than this.
	keptBehind = 50_000
	// page is how many events are read or numbered at once.
	page = 2000
	// beat is the longest that anything waits for news that got lost on the way.
	beat = time.Second
)

// Log is the one order of events, read from any position.
//
// Run keeps its newest stretch in memory and must be running for followers to
// hear of news at once; without it they ask PostgreSQL each second.
type Log struct {
	db  *postgres.DB
	rdb redis.UniversalClient
	log *slog.Logger

	tail    tail
	nudged  chan struct{} // this node's own sequencer has numbered something
	metrics metrics
}

// NewLog makes a log of what db holds, told by the stream in rdb.
func NewLog(db *postgres.DB, rdb redis.UniversalClient, log *slog.Logger) *Log {
	return &Log{db: db, rdb: rdb, log: log, nudged: make(chan struct{}, 1), metrics: newMetrics()}
}

// Collectors are the log's and its sequencer's metrics.
func (l *Log) Collectors() []prometheus.Collector { return l.metrics.collectors() }

// Head is the position of the newest event that has one. Take it first and load
// the state afterwards: what happens in between is then told twice, never not.
func (l *Log) Head(ctx context.Context) (Position, error) {
	return readHead(ctx, l.db.Pool)
}

// Since reads up to limit events after p, in order; none means that p is the
// head. It answers ErrResync where they cannot be continued from p.
func (l *Log) Since(ctx context.Context, p Position, limit int) ([]Event, error) {
	if events, _, _ := l.tail.after(p); len(events) > 0 {
		return events[:min(limit, len(events))], nil
	}
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if p.Epoch != head.Epoch || p.Pos > head.Pos || p.Pos < 0 || head.Pos-p.Pos > keptBehind {
		return nil, ErrResync
	}
	return l.read(ctx, p.Pos, head.Pos, limit)
}

// read takes the events of (after, upto] from PostgreSQL, at most limit of
// them. A hole there is something that was pruned: ErrResync.
func (l *Log) read(ctx context.Context, after, upto int64, limit int) ([]Event, error) {
	limit = int(min(int64(limit), upto-after))
	if limit <= 0 {
		return nil, nil
	}
	rows, err := l.db.Pool.Query(ctx, selectEvents+` WHERE pos > $1 AND pos <= $2 ORDER BY pos LIMIT $3`, after, upto, limit)
	if err != nil {
		return nil, fmt.Errorf("read events after position %d: %w", after, err)
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events after position %d: %w", after, err)
	}
	if len(events) != limit || events[0].Pos != after+1 || events[limit-1].Pos != after+int64(limit) {
		return nil, ErrResync
	}
	return events, nil
}

const eventColumns = `id, ticket_id, version, kind, team_id, walled, barred, was_team_id, was_walled, was_barred, actor_id, payload::text, at, pos`

const selectEvents = `SELECT ` + eventColumns + ` FROM events`

func scanEvent(row pgx.CollectableRow) (Event, error) {
	var (
		e         Event
		payload   string
		wasTeam   *int64
		wasWalled *bool
		wasBarred *access.Barred
	)
	err := row.Scan(&e.ID, &e.TicketID, &e.Version, &e.Kind, &e.Audience.Team, &e.Audience.Walled, &e.Audience.Barred,
		&wasTeam, &wasWalled, &wasBarred, &e.ActorID, &payload, &e.At, &e.Pos)
	if wasTeam != nil && wasWalled != nil && wasBarred != nil {
		e.Before = &access.Audience{Team: *wasTeam, Walled: *wasWalled, Barred: *wasBarred}
	}
	e.Payload = []byte(payload)
	return e, err
}

func readHead(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (Position, error) {
	var p Position
	if err := q.QueryRow(ctx, `SELECT epoch, pos FROM event_head`).Scan(&p.Epoch, &p.Pos); err != nil {
		return p, fmt.Errorf("read the head of the events: %w", err)
	}
	return p, nil
}

// pause waits out d or until something is heard, and reports false when ctx ended.
func pause(ctx context.Context, d time.Duration, heard ...<-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var news <-chan struct{}
	if len(heard) > 0 {
		news = heard[0]
	}
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-news:
	}
	return true
}
