"""Checks of what is emitted, before anything is written: every object against the closed schema of its kind."""

from meshgen.verify.objects import verify

__all__ = ["verify"]
