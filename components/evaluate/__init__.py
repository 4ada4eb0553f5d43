"""Evaluate: the test split, opened once, scored for every network and baseline."""
