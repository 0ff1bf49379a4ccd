package dovecottest

import "testing"

func TestItKeepsMailAndComesBackAfterACrash(t *testing.T) {
	s := Start(t)
	s.Append("ana@teste.example", []byte("Subject: um\r\n\r\noi\r\n"))
	s.Kill()
	s.Start()
	box, err := s.Client("ana@teste.example").Select("INBOX", nil).Wait()
	if err != nil || box.NumMessages != 1 || box.UIDValidity == 0 {
		t.Fatalf("after the crash: %+v, %v", box, err)
	}
}
