package email

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTheRemoteImagesOfAMail(t *testing.T) {
	t.Parallel()
	clean, _ := SanitizeHTML(`<img src="https://a.example/1.png?x=1&amp;y=2"><img src="cid:logo"><p>data-remote-src="https://no.example"
		<img src="https://b.example/2.png"><img src="https://a.example/1.png?x=1&amp;y=2"><img src="file:///etc/passwd">`)
	want := []string{"https://a.example/1.png?x=1&y=2", "https://b.example/2.png"}
	if got := RemoteImages(clean); !slices.Equal(got, want) {
		t.Errorf("%q of %s", got, clean)
	}
	var many strings.Builder
	for i := range 2 * MaxRemoteImages {
		fmt.Fprintf(&many, `<img src="https://a.example/%d.png">`, i)
	}
	clean, _ = SanitizeHTML(many.String())
	if got := RemoteImages(clean); len(got) != MaxRemoteImages {
		t.Errorf("%d images", len(got))
	}
}
