"""The analysis process, and the thread that owns it."""
