package app

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// part is something that works until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// stage is a group of parts that stop together.
type stage struct {
	parts []part

	cancel context.CancelFunc
	all    *errgroup.Group
}

// start lets the parts work. One that fails is told to fail, with its name.
func (s *stage) start(ctx context.Context, fail context.CancelCauseFunc) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.all = new(errgroup.Group)
	for _, p := range s.parts {
		s.all.Go(func() error {
			err := p.run(ctx)
			if err != nil {
				err = fmt.Errorf("%s: %w", p.name, err)
				fail(err)
			}
			return err
		})
	}
}

// stop ends the parts and waits for them.
func (s *stage) stop() error {
	s.cancel()
	return s.all.Wait()
}
