"""What platforms add to the artifacts that all have in common, one module each."""
