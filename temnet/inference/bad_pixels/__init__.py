"""Regions without image, broken pixels and lines: found, then replaced."""
