"""Reports made again, made across comparisons, listed and opened: nothing here trains anything."""
