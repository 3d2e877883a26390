"""Runs the suite on User-Mode Linux, as root and as a user: a kernel that is a process of this machine."""

from __future__ import annotations
