package email

func calendarNote(s string) string { return "" }
