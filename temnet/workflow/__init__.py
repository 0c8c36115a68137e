"""Planning, running and recording of stages in a run folder."""
