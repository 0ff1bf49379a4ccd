package delivery

import (
	"context"
	"errors"
	"strconv"

	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sms"
)

// text hands a claimed SMS over to the gateway. Its id is the row's at every try,
// so that a gateway that heeds it sends one.
func (s *Sender) text(ctx context.Context, c outbox.Claimed) (handed, *trouble) {
	m, err := outbox.TextMessageOf(c.Out)
	if err != nil {
		return handed{}, &trouble{reason: outbox.Broken, detail: err.Error()}
	}
	err = s.o.Texts.Send(ctx, "out-"+strconv.FormatInt(c.ID, 10), c.Recipient, m.Text)
	switch {
	case errors.Is(err, sms.ErrOff):
		return handed{}, &trouble{reason: outbox.NoRelay}
	case errors.Is(err, sms.ErrRefused):
		return handed{}, &trouble{reason: outbox.Refused, detail: err.Error()}
	case err != nil:
		return handed{}, &trouble{reason: outbox.Deferred, detail: err.Error()}
	}
	return s.remember(ctx, c, ""), nil
}
