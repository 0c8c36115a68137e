"""Columns for other programs: pandas, ASE and OVITO, HyperSpy, Atomap, ImageJ and napari."""
