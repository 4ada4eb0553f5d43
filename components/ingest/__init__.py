"""Ingest: sources -> a verified table, with its fingerprint."""
