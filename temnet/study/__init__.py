"""Studies: trainings that differ in one thing, their scores, intervals and page."""
