"""A search for better params, on validation data alone."""
