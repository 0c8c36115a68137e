"""Regions without image, broken pixels and lines are found and replaced."""
