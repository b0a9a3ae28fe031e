"""`python -m meshgen`."""

from __future__ import annotations

import sys

from meshgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
