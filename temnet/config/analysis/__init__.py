"""Settings of prediction, scoring and movies."""
