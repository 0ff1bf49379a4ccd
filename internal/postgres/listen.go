package postgres

import (
	"context"
	"log/slog"
	"time"
)

// listenAgain is how long Listen waits before it listens again after a failure.
const listenAgain = time.Second

// Listen hears what any node notifies on a channel until ctx ends, over a
// connection of its own. Each time that it has begun to listen it calls ready:
// what that reads cannot change unheard afterwards. Then heard gets each payload,
// one after the other. When the connection or one of the two fails, lost is
// logged, what it means for people, and all begins anew a second later.
func (db *DB) Listen(ctx context.Context, log *slog.Logger, channel, lost string, ready func(context.Context) error, heard func(ctx context.Context, payload string) error) error {
	for ctx.Err() == nil {
		err := db.listen(ctx, channel, ready, heard)
		if ctx.Err() != nil {
			return nil
		}
		log.WarnContext(ctx, lost, slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

func (db *DB) listen(ctx context.Context, channel string, ready func(context.Context) error, heard func(context.Context, string) error) error {
	taken, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := taken.Hijack() // what listens must not serve others afterwards
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	if err := ready(ctx); err != nil {
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if err := heard(ctx, n.Payload); err != nil {
			return err
		}
	}
}
