"""Flows: the stages in order, as Prefect runs them, and the command line."""
