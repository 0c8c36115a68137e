"""Files of columns, maps and frames."""
