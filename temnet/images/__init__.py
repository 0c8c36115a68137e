"""What is done alike to simulated and to measured images."""
