"""Multipath TCP, which Go listens with by default: are its ports those of TCP, and its rules?"""
