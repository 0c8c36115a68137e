"""Recordings of what was analysed."""
