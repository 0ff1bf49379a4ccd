package httpapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/account"
)

const idempotencyHeader = "Idempotency-Key"

var idempotencyParameter = &huma.Param{
	Name: idempotencyHeader, In: "header",
	Description: "Repeating the call with the same key and body gives the first answer and does nothing again",
	Schema:      &huma.Schema{Type: "string", MaxLength: new(200)},
}

// once lets a call of staff act a single time for each key. An answer that is
// no success frees the key: nothing was done, so the repetition may try.
func (s *Server) once(c huma.Context, next func(huma.Context)) {
	fc := humafiber.Unwrap(c)
	key := fc.Get(idempotencyHeader)
	if key == "" {
		next(c)
		return
	}
	ctx, who := c.Context(), actorOf(c.Context()).AccountID
	stored, err := s.services.Replays.Begin(ctx, who, key, s.requestHash(fc))
	if err != nil {
		s.refuse(c, err)
		return
	}
	if stored != nil {
		fc.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		fc.Set("Idempotent-Replayed", "true")
		fc.Status(stored.Status).Response().SetBody(stored.Body)
		return
	}
	// Whatever becomes of the caller's connection or of the handler, the key gets its end.
	done := false
	defer func() {
		if !done {
			s.settle(context.WithoutCancel(ctx), who, key, nil)
		}
	}()
	next(c)
	done = true
	if status := fc.Response().StatusCode(); status < 300 {
		s.settle(context.WithoutCancel(ctx), who, key, &account.Stored{Status: status, Body: fc.Response().Body()})
		return
	}
	s.settle(context.WithoutCancel(ctx), who, key, nil)
}

func (s *Server) settle(ctx context.Context, who int64, key string, answer *account.Stored) {
	var err error
	if answer != nil {
		err = s.services.Replays.Finish(ctx, who, key, *answer)
	} else {
		err = s.services.Replays.Abandon(ctx, who, key)
	}
	if err != nil {
		s.options.Log.ErrorContext(ctx, "settle an idempotency key", "error", err)
	}
}

// requestHash is what has to be the same for a repetition to be one.
func (s *Server) requestHash(c *fiber.Ctx) []byte {
	// Keyed: a body may hold a password, and a bare hash of it would be a way to guess.
	h := hmac.New(sha256.New, s.options.Secret)
	h.Write([]byte(c.Method() + " " + c.Path() + "\n"))
	h.Write(c.Request().Body())
	return h.Sum(nil)
}

// RepetitionKey is for the calls that know a repetition by themselves, also when
// the process died before the key had its answer.
type RepetitionKey struct {
	Key string `header:"Idempotency-Key" maxLength:"200" hidden:"true"`
}
