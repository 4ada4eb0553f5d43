"""Finished runs -> one comparison: rows, intervals, and which differences are real."""
