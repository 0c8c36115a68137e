"""Lattices of known crystals."""
