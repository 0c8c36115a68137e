"""Thermal displacements, and the molecular dynamics that they come from."""
