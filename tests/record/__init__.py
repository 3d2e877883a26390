"""Tests of verdicts and run files."""
