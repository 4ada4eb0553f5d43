"""What to run: the shipped params files (YAML) and the schema that gives them meaning."""
