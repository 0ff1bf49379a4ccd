package xoauth2

import "testing"

// The one message there is, and the empty answer that lets a refusal be told.
func TestTheExchange(t *testing.T) {
	t.Parallel()
	c := NewClient("sac@empresa.example", "ya29.token")
	mechanism, first, err := c.Start()
	if err != nil || mechanism != "XOAUTH2" || string(first) != "user=sac@empresa.example\x01auth=Bearer ya29.token\x01\x01" {
		t.Fatalf("%s %q %v", mechanism, first, err)
	}
	answer, err := c.Next([]byte(`{"status":"401"}`))
	if err != nil || answer == nil || len(answer) != 0 {
		t.Errorf("the reason of a refusal is answered with %q, %v", answer, err)
	}
	if _, err := c.Next([]byte("again")); err == nil {
		t.Error("a server that goes on asking is answered for ever")
	}
}
