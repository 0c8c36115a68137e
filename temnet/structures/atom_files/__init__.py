"""Specimens from files of atoms."""
