"""Other network stacks that this machine can run: each runs the suite inside and brings the recorded runs home."""
