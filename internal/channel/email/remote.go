package email

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// MaxRemoteImages is how many images of one mail can be asked for.
const MaxRemoteImages = 60

// RemoteImages lists what the images of a mail would have been fetched from, each
// address once, in the order of the mail and no more than MaxRemoteImages. clean
// is what SanitizeHTML made.
func RemoteImages(clean string) []string {
	var found []string
	z := html.NewTokenizer(strings.NewReader(clean))
	for len(found) < MaxRemoteImages {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			if t := z.Token(); t.Data == "img" {
				for _, a := range t.Attr {
					if a.Key == "data-remote-src" && !slices.Contains(found, a.Val) {
						found = append(found, a.Val)
					}
				}
			}
		}
	}
	return found
}
