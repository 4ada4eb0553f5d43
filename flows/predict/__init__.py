"""`unroll predict`: arguments, files and streams around `components.predict`."""
