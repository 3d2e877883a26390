"""The command: the wheel and every verb."""
