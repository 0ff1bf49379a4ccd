package httpapi

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
)

// send writes the answer of a handler that Huma does not carry.
func send(c *fiber.Ctx, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(text)
}

// fiberPath writes {name} as Fiber does.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func isForm(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm)
}

// readBody decodes a JSON body for a handler that Huma does not carry.
func readBody(c *fiber.Ctx, into any) error {
	if kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";"); !strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationJSON) {
		return errMediaType
	}
	body := c.Request().Body()
	if len(body) > maxJSON {
		return errTooLarge
	}
	return readStrict(body, into)
}
