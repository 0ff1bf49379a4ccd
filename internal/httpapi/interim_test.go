package httpapi

import (
	"context"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

type interim struct{ *intake.Intake }

func (interim) SubmitMessage(context.Context, int64, channel.Inbound) (r intake.Receipt, err error) {
	return
}
