package jobs

import (
	"context"
	"time"
)

// Sweep does a round at once and another each time every has passed, until ctx
// ends, for what time alone makes due. A round that says that there is more is
// followed by the next without a pause. Rounds log what goes wrong themselves, and
// bear that other nodes look at the same time.
func Sweep(ctx context.Context, every time.Duration, round func(ctx context.Context) (more bool)) error {
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			more = round(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}
