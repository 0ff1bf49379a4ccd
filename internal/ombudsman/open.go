package ombudsman

import (
	"context"

	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/intake"
)

// Open takes in a demand to the office, by whatever way. Whoever sends it learns
// its protocol and nothing about what the SAC protocol they gave leads to.
func (s *Service) Open(ctx context.Context, d ombudsman.Submission) (intake.Receipt, error) {
	in, err := ombudsman.Check(d)
	if err != nil {
		return intake.Receipt{}, err
	}
	return s.intake.Submit(ctx, in)
}
