"""What every stage reports and what every renderer shows: plain, frozen, picklable data."""

from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.model import Cause, Diagnostic, Note, Severity, Span

__all__ = ["Cause", "Diagnostic", "Note", "Severity", "Span", "diagnose"]
