"""Changing files that people write: lines change where data changes, all else stays as it was written."""
