"""What several providers know of Route 53.

Sources: Route 53's API reference (ResourceRecordSet, HealthCheckConfig) and developer guide (health checks that monitor
an endpoint; aliases).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from meshgen.dns.facts import Checks, OneOf, Range

if TYPE_CHECKING:
    from meshgen.dns.model import EntryPoint

LONGEST_WEIGHT = 255
"""The largest weight of a record set."""
_LONGEST_IDENTIFIER = 128
AWS_REGION = r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]"
"""Regions as AWS names them, which latency records need."""
INTERVALS, THRESHOLDS = OneOf((10, 30)), Range(1, 10)
CHECKS = Checks(
    by="itself",
    status="2xxAnd3xx",
    # The one field `FullyQualifiedDomainName` is what is resolved and what is asked for.
    host_to_hostnames=False,
    intervals=INTERVALS,
    thresholds=THRESHOLDS,
)
"""Its own health checks."""


def identifier(entry_point: EntryPoint, value: str = "") -> str:
    """The `SetIdentifier` of an entry point, or of one address of it: unique among all record sets of a name."""
    text = f"{entry_point}/{value}" if value else str(entry_point)
    if len(text) <= _LONGEST_IDENTIFIER:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: _LONGEST_IDENTIFIER - len(digest) - 1]}-{digest}"
