package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// SourceKey makes a repetition of a mail recognisable: the same mail delivered
// to two mailboxes, or fetched again, has the same key and hash. They cover
// every Message-ID, From, Date, Subject and the body, with one sort of line
// break. What the servers on the way add is left out. Another mail under the
// same Message-ID, from another sender or with another body, has another key;
// so has one without a Message-ID that differs in any byte. It costs one pass
// over raw.
func SourceKey(raw []byte) (key string, sum [32]byte) {
	h, body := readHeader(raw)
	digest := sha256.New()
	if ids := h.fields["message-id"]; len(ids) > 0 {
		for _, name := range []string{"message-id", "from", "date", "subject"} {
			for _, v := range h.fields[name] {
				put(digest, []byte(v))
			}
			put(digest, nil)
		}
		lines(digest, body)
	} else {
		lines(digest, raw)
	}
	digest.Sum(sum[:0])
	return "mail:" + hex.EncodeToString(sum[:]), sum
}

// put adds a value with its length, so that no two lists run together.
func put(d hash.Hash, b []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	d.Write(n[:])
	d.Write(b)
}

// lines adds a text whatever its line breaks; breaks at its end don't count,
// because servers add one.
func lines(d hash.Hash, b []byte) {
	b = bytes.TrimRight(b, "\r\n")
	for {
		i := bytes.Index(b, []byte("\r\n"))
		if i < 0 {
			d.Write(b)
			return
		}
		d.Write(b[:i])
		d.Write(b[i+1 : i+2])
		b = b[i+2:]
	}
}
