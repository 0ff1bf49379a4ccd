package app

import (
	"errors"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/sms"
)

// maxSMSAnswer bounds what a gateway may say, in bytes.
const maxSMSAnswer = 64 << 10

// gateway is where SMS are handed over, nil when none is configured.
func gateway(cfg config.Config) (*sms.Gateway, error) {
	g, err := sms.New(cfg.SMSURL.Reveal(), cfg.SMSToken.Reveal(), dial.New(cfg.OutboundNetworks).Client(maxSMSAnswer))
	if errors.Is(err, sms.ErrOff) {
		return nil, nil
	}
	return g, err
}
