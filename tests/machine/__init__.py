"""Tests of the machine under test: kernel, agents, programs."""
