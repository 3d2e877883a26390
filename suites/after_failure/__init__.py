"""What does a socket hold after a refusal, a reset or a call that came too early? Most of it was found by the search."""
