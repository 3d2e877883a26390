"""Tests of the checks of installed libraries."""
