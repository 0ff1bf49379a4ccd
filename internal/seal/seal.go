// Package seal keeps secrets that we have to give to others, such as the
// password of a mailbox, unreadable in the database and in its backups: with
// AES-256-GCM, under a key derived from the installation's secret.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrBroken means that something cannot be unsealed: it was sealed under another
// secret or for another purpose, or it was changed.
var ErrBroken = fault.New(fault.Internal, "seal_broken")

// version starts everything sealed, so that another way can follow this one.
const version = 1

// Sealer seals and unseals. It may be used by several goroutines at once.
type Sealer struct{ aead cipher.AEAD }

// New derives the key (HKDF, RFC 5869) from the installation's secret.
func New(secret []byte) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "escuta seal v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the seal: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher of the seal: %w", err)
	}
	// The nonce is random and comes first: 2^32 seals under one key are safe.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher of the seal: %w", err)
	}
	return &Sealer{aead}, nil
}

// Seal makes plain unreadable. purpose says what it is (mailbox.secret) and has
// to be named again to unseal it, so that nobody can have one thing opened as
// another. Nothing at all stays nothing.
func (s *Sealer) Seal(purpose string, plain []byte) []byte {
	if len(plain) == 0 {
		return nil
	}
	return s.aead.Seal([]byte{version}, nil, plain, []byte(purpose))
}

// Unseal gives back what was sealed for this purpose, or ErrBroken.
func (s *Sealer) Unseal(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	if sealed[0] != version {
		return nil, ErrBroken
	}
	plain, err := s.aead.Open(nil, nil, sealed[1:], []byte(purpose))
	if err != nil {
		return nil, ErrBroken.Because(err)
	}
	return plain, nil
}
