package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/blob"
)

// Engine is something the program stands on, and can be asked whether it is up.
type Engine func(context.Context) error

const engineTimeout = 2 * time.Second

// live says that the process answers. It asks nobody: a database that is away
// is no reason to restart us.
func (s *Server) live(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"status": "ok"})
}

// ready says whether to send requests here. Without Redis everything works, a
// little slower, and on a disk that is nearly full, for a while; without
// PostgreSQL nothing can be promised.
func (s *Server) ready(c *fiber.Ctx) error {
	status := "ok"
	if !s.up(c, "redis", s.options.RedisUp) {
		status = "degraded"
	}
	if free, whole, err := s.services.Blobs.Room(); err != nil || blob.Scarce(free, whole) {
		status = "degraded"
	}
	if !s.up(c, "postgresql", s.options.PostgresUp) {
		c.Status(http.StatusServiceUnavailable)
		status = "unavailable"
	}
	return c.JSON(fiber.Map{"status": status})
}

func (s *Server) up(c *fiber.Ctx, name string, ask Engine) bool {
	ctx, cancel := context.WithTimeout(c.UserContext(), engineTimeout)
	defer cancel()
	if err := ask(ctx); err != nil {
		s.options.Log.WarnContext(ctx, "engine does not answer", "engine", name, "error", err)
		return false
	}
	return true
}
