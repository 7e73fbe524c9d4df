"""Where raw data comes from: a live machine, or a recording of one behind the same methods."""
