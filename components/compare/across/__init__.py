"""Runs of several comparisons as one: what may stand together, which rows, what they are called."""
