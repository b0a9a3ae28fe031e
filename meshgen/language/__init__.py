"""What people write: the models of the fleet's documents, and how a broken one is told."""
