"""Settings of labels, data, networks and training."""
