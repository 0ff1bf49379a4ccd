package httpapi

import (
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/websocket/v2"

	"github.com/escuta-sac/escuta/internal/realtime"
)

// This file alone knows the WebSocket package, which is archived upstream:
// docs/adr says what replaces it.

// socketKey is where a request carries what speaks to its connection.
const socketKey = "escuta:socket"

// upgrade answers WebSocket handshakes. prepare sees the request first: it
// checks Origin and session, and returns who speaks to the connection after the
// handshake, which must not touch the request any more. Its error refuses the
// handshake. Compression is never agreed to, so a compressed frame is a protocol
// error and no bomb.
func upgrade(prepare func(*fiber.Ctx) (serve func(realtime.Socket), err error)) fiber.Handler {
	shake := websocket.New(func(conn *websocket.Conn) {
		if serve, ok := conn.Locals(socketKey).(func(realtime.Socket)); ok {
			serve(conn.Conn)
		}
	}, websocket.Config{
		ReadBufferSize:  512,  // a browser says very little
		WriteBufferSize: 4096, // most frames in one system call; taken from the pool while writing
		WriteBufferPool: &sync.Pool{},
	})
	return func(c *fiber.Ctx) error {
		if !websocket.IsWebSocketUpgrade(c) {
			return fiber.ErrUpgradeRequired
		}
		serve, err := prepare(c)
		if err != nil {
			return err
		}
		c.Locals(socketKey, serve)
		return shake(c)
	}
}
