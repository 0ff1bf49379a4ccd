// Package sms sends short messages through whatever gateway a company has: one
// HTTP call to an address of its choice, with the words put where that gateway
// wants them.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of sending.
var (
	ErrOff     = fault.New(fault.Unavailable, "sms_off")     // no gateway is configured
	ErrRefused = fault.New(fault.Invalid, "sms_refused")     // the gateway will not take it, ever
	ErrLater   = fault.New(fault.Unavailable, "sms_waiting") // it may, another time
)

// MaxLength is how many characters one message may have: four parts, after which
// people pay attention to the bill and not to the text.
const MaxLength = 600

// takes bounds one call.
const takes = 10 * time.Second

// Gateway is where messages are handed over.
//
// The call is a POST of {"to", "text", "id"} as JSON, to in E.164, with the token
// as Bearer and the id as Idempotency-Key: a message that is sent again after a
// lost answer is the same to a gateway that heeds it.
type Gateway struct {
	url    string
	token  string
	client *http.Client
}

// New makes a gateway, or returns ErrOff when raw is empty. The client decides
// which networks may be called; see package dial.
func New(raw, token string, client *http.Client) (*Gateway, error) {
	if raw == "" {
		return nil, ErrOff
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of an SMS gateway", raw)
	}
	return &Gateway{url: raw, token: token, client: client}, nil
}

// Send hands a message over. ErrRefused is final; everything else may be tried
// again with the same id.
func (g *Gateway) Send(ctx context.Context, id, to, text string) error {
	if g == nil {
		return ErrOff
	}
	ctx, cancel := context.WithTimeout(ctx, takes)
	defer cancel()
	body, err := json.Marshal(map[string]string{"to": to, "text": Text(text), "id": id})
	if err != nil {
		return fmt.Errorf("write an SMS: %w", err)
	}
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call the SMS gateway: %w", err)
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Idempotency-Key", id)
	if g.token != "" {
		call.Header.Set("Authorization", "Bearer "+g.token)
	}
	answer, err := g.client.Do(call)
	if err != nil {
		// The address stands in the error, and a token may stand in the address.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return ErrLater.Because(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	switch code := answer.StatusCode; {
	case code/100 == 2:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code/100 == 5, code/100 == 3,
		code == http.StatusUnauthorized, code == http.StatusForbidden: // a token that somebody will mend
		return ErrLater.Because(fmt.Errorf("the gateway answered %d: %q", code, said))
	default:
		return ErrRefused.Because(fmt.Errorf("the gateway answered %d: %q", code, said))
	}
}

// Text makes one message of a text: no control characters, one blank at a time,
// cut at MaxLength.
func Text(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if runes := []rune(s); len(runes) > MaxLength {
		s = string(runes[:MaxLength-1]) + "…"
	}
	return s
}
