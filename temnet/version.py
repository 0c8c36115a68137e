"""The version of temnet, in its one place."""

__version__ = "0.2.0"
