"""Drift of the specimen through a movie, measured from its images rather than from columns."""
