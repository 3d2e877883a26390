"""Tests of the suites as a whole."""
