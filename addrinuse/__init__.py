"""addrinuse: an executable conformance suite for socket reuse semantics. `addrinuse` and `python -m addrinuse` are the command."""
