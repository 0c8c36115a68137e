"""Tables and records as CSV and JSON files."""
