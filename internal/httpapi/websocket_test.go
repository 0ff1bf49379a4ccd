package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/realtime"
)

// sockets serves one upgraded route and returns its address.
func sockets(t *testing.T, prepare func(*fiber.Ctx) (func(realtime.Socket), error)) string {
	t.Helper()
	web := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	web.Get("/live", upgrade(prepare))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- web.Listener(ln) }()
	t.Cleanup(func() {
		if err := web.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		_ = ln.Close()
		<-served
	})
	return ln.Addr().String() + "/live"
}

// echo sends back what it reads until the connection ends, which it reports.
func echo(ended chan<- error) func(*fiber.Ctx) (func(realtime.Socket), error) {
	return func(*fiber.Ctx) (func(realtime.Socket), error) {
		return func(conn realtime.Socket) {
			conn.SetReadLimit(4096)
			for {
				kind, r, err := conn.NextReader()
				if err == nil {
					var text []byte
					if text, err = io.ReadAll(r); err == nil {
						err = conn.WriteMessage(kind, text)
					}
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}, nil
	}
}

func TestSocketsSpeakAfterTheHandshake(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	addr := sockets(t, echo(ended))
	dialer := websocket.Dialer{EnableCompression: true}
	conn, answer, err := dialer.Dial("ws://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if extensions := answer.Header.Get("Sec-WebSocket-Extensions"); extensions != "" {
		t.Errorf("it agreed to %q: a small frame may unfold into a large one", extensions)
	}
	for _, text := range []string{"ação", strings.Repeat("x", 4096)} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.ReadMessage(); err != nil || string(got) != text {
			t.Errorf("%.20q came back as %.20q, %v", text, got, err)
		}
	}
	if err := conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 1<<20)); err != nil {
		t.Log(err) // it may be gone before all of it is written
	}
	// What is still on its way may turn the close into a reset.
	_, _, err = conn.ReadMessage()
	if closed := (*websocket.CloseError)(nil); err == nil || errors.As(err, &closed) &&
		closed.Code != websocket.CloseMessageTooBig && closed.Code != websocket.CloseAbnormalClosure {
		t.Errorf("1 MB ended in %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("1 MB was read")
	}
	_ = conn.Close()
}

func TestAHandshakeThatIsRefusedUpgradesNothing(t *testing.T) {
	t.Parallel()
	addr := sockets(t, func(*fiber.Ctx) (func(realtime.Socket), error) { return nil, fiber.ErrForbidden })
	if _, answer, err := websocket.DefaultDialer.Dial("ws://"+addr, nil); err == nil || answer == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("the handshake gave %v, %v", answer, err)
	}
	answer, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a plain request gave %s", answer.Status)
	}
}
