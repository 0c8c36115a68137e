"""Checks of images and of what was found in them, which together give a verdict."""
