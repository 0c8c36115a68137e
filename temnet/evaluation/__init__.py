"""Predicted columns against true ones: matching, scores and their statistics."""
