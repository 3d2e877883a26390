"""Tests of what is claimed and where it is written."""
