"""Tests of the stacks that run as guests."""
