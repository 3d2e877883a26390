"""sendto of a UDP socket that has no peer: what it binds, whom it reaches, and what it is told."""
