package hostile

import (
	"bytes"
	"testing"
)

func TestThereAreNinetyFourFilesAndTheyStaySmall(t *testing.T) {
	t.Parallel()
	seen, total, mails := map[string]bool{}, 0, 0
	for _, f := range Files() {
		if seen[f.Name] {
			t.Errorf("two files are called %s", f.Name)
		}
		seen[f.Name] = true
		total += len(f.Data)
		if f.Mail() {
			mails++
		}
	}
	if len(seen) != 94 || mails != 85 {
		t.Errorf("%d files, %d of them mails", len(seen), mails)
	}
	if total > 5<<20 {
		t.Errorf("the files have %d bytes", total)
	}
	if !bytes.Contains(Find("m21").Data, []byte("Reclama\xe7\xe3o")) {
		t.Error("m21 is not in Latin-1")
	}
}
