"""Tests of the other reports."""
