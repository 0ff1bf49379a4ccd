package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Nobody reads and fills in a form within leastFilling; a machine does. After
// longestFilling a seal says nothing any more, and the form is taken like one
// that never had any.
const (
	leastFilling   = 2 * time.Second
	longestFilling = 24 * time.Hour
)

const sealMAC = 16

// sealed notes, signed, when a form was handed out.
func (s *Server) sealed(at time.Time) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(body, s.sealMAC(body)...))
}

// age is for how long a form was out; ok is false for no seal of ours.
func (s *Server) age(seal string) (age time.Duration, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(seal)
	if err != nil || len(raw) != 8+sealMAC || !hmac.Equal(raw[8:], s.sealMAC(raw[:8])) {
		return 0, false
	}
	age = s.services.Now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(raw))))
	return age, age <= longestFilling
}

func (s *Server) sealMAC(body []byte) []byte {
	m := hmac.New(sha256.New, s.options.Secret)
	m.Write([]byte("escuta form"))
	m.Write(body)
	return m.Sum(nil)[:sealMAC]
}
