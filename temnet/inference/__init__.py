"""From microscope files to columns."""
