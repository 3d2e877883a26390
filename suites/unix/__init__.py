"""AF_UNIX: the stale socket file, and whose socket a path leads to."""
