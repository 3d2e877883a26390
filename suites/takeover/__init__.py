"""Another process, or another user, wants an address that somebody holds."""
