"""Limits set by noise: the Cramér-Rao bound and the ideal observer."""
