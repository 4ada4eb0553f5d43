"""Preprocess: a verified table -> encoded splits -> batches."""
