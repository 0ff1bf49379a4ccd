package webform

import (
	"encoding/json"
	"strings"
)

// previewBody is how many runes of a submission's text its preview shows.
const previewBody = 600

// Preview tells what a raw submission says of itself, also when it could not be
// taken in: from, subject, body, and the names of its files as parts, one in a
// line. Nil when it is no submission at all.
func Preview(raw []byte) map[string]string {
	var s Submission
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	from := Line(s.Name)
	if address := Line(s.Email); from == "" {
		from = address
	} else if address != "" {
		from += " <" + address + ">"
	}
	var files []string
	for _, f := range s.Files[:min(len(s.Files), MaxFiles)] {
		files = append(files, Line(f.Name))
	}
	body := []rune(Text(s.Body))
	if len(body) > previewBody {
		body = append(body[:previewBody], '…')
	}
	told := map[string]string{"from": from, "subject": Line(s.Subject), "body": string(body), "parts": strings.Join(files, "\n")}
	for name, value := range told {
		value = strings.ReplaceAll(strings.ToValidUTF8(value, "\ufffd"), "\x00", "")
		if told[name] = value; value == "" {
			delete(told, name)
		}
	}
	return told
}
