"""Tests of every pair."""
