"""Random specimens with their projected columns."""
