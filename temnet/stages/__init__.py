"""The stages of a run: thin functions that call the other packages, and their folders."""
