"""Tests of the porting report."""
