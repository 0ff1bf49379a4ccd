package smtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	selfSignedFor = 10 * 365 * 24 * time.Hour
	// lookEach is how long a renewed certificate stays unnoticed.
	lookEach = time.Minute
)

// TLS reads the certificate and key that STARTTLS uses, and reads them again
// when they were renewed. Without files it makes a certificate of its own in dir,
// once: servers that send mail encrypt to any, and verify none that they were not
// told to (RFC 3207, section 4.1).
func TLS(cert, key, dir, name string) (*tls.Config, error) {
	if cert == "" {
		cert = filepath.Join(dir, "smtp.pem")
		key = cert
		if err := selfSign(cert, name); err != nil {
			return nil, err
		}
	}
	files := &certFiles{cert: cert, key: key}
	if _, err := files.get(nil); err != nil {
		return nil, fmt.Errorf("read the certificate for mail: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, nil
}

// certFiles is a certificate that somebody renews now and then.
type certFiles struct {
	cert, key string

	mu     sync.Mutex
	loaded *tls.Certificate
	of     time.Time // when the file was written that is loaded
	looked time.Time
}

func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loaded != nil && time.Since(f.looked) < lookEach {
		return f.loaded, nil
	}
	f.looked = time.Now()
	info, err := os.Stat(f.cert)
	if err == nil && (f.loaded == nil || !info.ModTime().Equal(f.of)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(f.cert, f.key); err == nil {
			f.loaded, f.of = &pair, info.ModTime()
		}
	}
	if f.loaded != nil {
		return f.loaded, nil // the old one, while a new one is half written
	}
	return nil, err
}

// selfSign makes a file with a key and a certificate unless there is one. Of two
// nodes that share the folder and start together, one is first.
func selfSign(path, name string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key for mail: %w", err)
	}
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSignedFor),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate for mail: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write a key for mail: %w", err)
	}
	err = place(path, &pem.Block{Type: "PRIVATE KEY", Bytes: der}, &pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// place puts a whole file where none is, or fails with fs.ErrExist.
func place(path string, blocks ...*pem.Block) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".smtp-*") // readable by nobody else
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	for _, b := range blocks {
		err = errors.Join(err, pem.Encode(tmp, b))
	}
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}
