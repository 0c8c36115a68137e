"""From columns that were found to numbers and tables."""
