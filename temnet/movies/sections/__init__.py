"""Sections of a run's page on movies."""
