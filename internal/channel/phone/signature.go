package phone

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrSignature is an event that nobody who knows the line's secret has signed
// just now. It does not say what is wrong with it.
var ErrSignature = fault.New(fault.Unauthorized, "pbx_signature")

// window is how far an exchange's clock may be from ours, either way.
const window = 5 * time.Minute

// Sign makes the value of X-Escuta-Signature for a body sent at an instant.
func Sign(secret, body []byte, at time.Time) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac(secret, seconds, body))
}

// Verify checks the header X-Escuta-Signature, t=<unix>,v1=<hex>, whose v1 is
// the HMAC-SHA256 of "<t>.<body>". It takes as long for a wrong one as for a
// right one. An unknown line is asked with no secret, and is always refused.
func Verify(secret []byte, header string, body []byte, now time.Time) error {
	var seconds string
	var given []byte
	if len(header) <= 512 {
		for part := range strings.SplitSeq(header, ",") {
			switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
			case "t":
				seconds = value
			case "v1":
				given, _ = hex.DecodeString(value)
			}
		}
	}
	right := hmac.Equal(given, mac(secret, seconds, body)) && len(secret) > 0
	t, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || !right || t < now.Add(-window).Unix() || t > now.Add(window).Unix() {
		return ErrSignature
	}
	return nil
}

func mac(secret []byte, seconds string, body []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(seconds))
	m.Write([]byte{'.'})
	m.Write(body)
	return m.Sum(nil)
}
