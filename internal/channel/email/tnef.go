package email

func (m *Mail) placeTNEF(c *content, d *decodedLeaf) bool { return false }
