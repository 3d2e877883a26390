"""Other network stacks that this machine can run. Each module runs the suite on one and brings the recorded runs home."""
