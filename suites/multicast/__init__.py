"""Multicast groups: who may bind one, and who gets a copy of what goes there."""
