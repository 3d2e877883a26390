"""Tests of the language of experiments."""
