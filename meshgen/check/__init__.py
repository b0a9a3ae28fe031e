"""Rules over the whole fleet."""
