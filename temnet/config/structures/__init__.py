"""Settings of specimens and of how their atoms vibrate."""
