"""What every stage reports and what every renderer shows: plain, frozen, picklable data."""

from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.model import Diagnostic, Note, Severity, Span

__all__ = ["Diagnostic", "Note", "Severity", "Span", "diagnose"]
