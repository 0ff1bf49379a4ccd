package mailbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
)

// dkimBits is what RFC 8301 asks signers to use. Ed25519 (RFC 8463) is not
// verified by the large providers.
const dkimBits = 2048

// newDKIMKey makes a key to sign with, in PKCS #8.
func newDKIMKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, dkimBits)
	if err != nil {
		return nil, fmt.Errorf("make a DKIM key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write a DKIM key: %w", err)
	}
	return der, nil
}

func readDKIMKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read a DKIM key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a DKIM key of type %T cannot sign", key)
	}
	return signer, nil
}

// dkimRecord is what the domain has to publish (RFC 6376, section 3.6.1).
func dkimRecord(der []byte) (string, error) {
	key, err := readDKIMKey(der)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", fmt.Errorf("write the public half of a DKIM key: %w", err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public), nil
}
