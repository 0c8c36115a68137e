"""Parts of the stage `predict`."""
