"""How stages are planned, run and recorded in a run folder."""
