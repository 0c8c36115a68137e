"""Focal series: alignment and order of their images."""
