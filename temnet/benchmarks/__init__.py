"""What the work costs: how long examples, training and prediction take."""
