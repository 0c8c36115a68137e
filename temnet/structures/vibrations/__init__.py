"""Thermal displacements, and the molecular dynamics behind them."""
