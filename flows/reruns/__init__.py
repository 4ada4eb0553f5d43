"""Comparisons run again with changes, taken up, and set beside each other."""
