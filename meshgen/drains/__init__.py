"""Draining and undraining: one field of one file changes, and what follows is said before anybody builds."""
