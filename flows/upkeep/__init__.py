"""What is wrong with an installation, and what can be thrown away."""
