"""Where each row goes wrong, from what its runs left."""
