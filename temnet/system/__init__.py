"""Files, processes, signals, streams, threads and user folders."""
