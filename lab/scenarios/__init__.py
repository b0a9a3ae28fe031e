"""What meshgen promises, shown on a real mesh."""
