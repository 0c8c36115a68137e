"""Images from microscope files: order, axes, pixel size and focus."""
