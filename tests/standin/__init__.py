"""The kernel standing in for a platform."""
