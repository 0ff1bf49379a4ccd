package email

import "strings"

// Fold parts a text into what is new and the rest.
func Fold(text string) (fresh, folded string) { return strings.TrimSpace(dropMarks(text)), "" }
