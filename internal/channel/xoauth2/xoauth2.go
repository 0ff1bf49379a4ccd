// Package xoauth2 logs in to a mail server with an OAuth 2 access token, the way
// that Google's and Microsoft's servers understand (the SASL mechanism XOAUTH2).
package xoauth2

import (
	"errors"

	"github.com/emersion/go-sasl"
)

var errChallenge = errors.New("xoauth2: the server refused the token")

type client struct {
	user, token string
	refused     bool
}

// NewClient makes the exchange for one log-in.
func NewClient(user, token string) sasl.Client { return &client{user: user, token: token} }

// Start sends everything at once.
func (c *client) Start() (mechanism string, initial []byte, err error) {
	return "XOAUTH2", []byte("user=" + c.user + "\x01auth=Bearer " + c.token + "\x01\x01"), nil
}

// Next answers the one challenge there is: a refusal with its reason, after which
// the server waits for an empty line before it says so by its own means.
func (c *client) Next([]byte) ([]byte, error) {
	if c.refused {
		return nil, errChallenge
	}
	c.refused = true
	return []byte{}, nil
}
