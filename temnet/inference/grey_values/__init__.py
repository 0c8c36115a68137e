"""Contrast and background of images before columns are found."""
