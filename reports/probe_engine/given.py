"""What the generator fills in from the suites."""

EXPERIMENTS = []
