"""Random crystals of many materials, seen along their zone axes."""
