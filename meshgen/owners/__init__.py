"""Whose a file is, as the CODEOWNERS of its repository says (ADR 50)."""

from meshgen.owners.repository import owners_of, with_owners

__all__ = ["owners_of", "with_owners"]
