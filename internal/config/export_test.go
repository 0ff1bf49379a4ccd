package config

// Want is the code of the text that says what a variable should be.
func Want(name string) string {
	for _, v := range variables(&Config{}) {
		if v.name == name {
			return v.want
		}
	}
	return ""
}
