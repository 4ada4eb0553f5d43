"""How sure scores are, and whether two rows differ: intervals, tests of pairs, what is needed."""
