"""How the property tests run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: the machines that run this are shared. In CI the same examples every time; `make fuzz` looks further.
settings.register_profile(
    "meshgen",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("meshgen")
