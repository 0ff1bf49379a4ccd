package email

func classify(h *header, m *Mail, o Options) Automatic { return Automatic{} }
