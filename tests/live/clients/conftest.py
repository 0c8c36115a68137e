collect_ignore = ["stand_ins"]  # they run in the Python of other programs
