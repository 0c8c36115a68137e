"""Networks as plain Keras models, and the folders that they are kept in."""
