"""Tests of the models of the platforms."""
