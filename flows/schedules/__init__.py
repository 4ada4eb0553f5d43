"""Experiments on a schedule, and the servers that keep their history."""
