"""What we ask: one module per question, each test an experiment."""
