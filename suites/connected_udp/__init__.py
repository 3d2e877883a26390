"""UDP sockets that are connected: what they hear, a server made of them, and a second one that wants the same peer."""
