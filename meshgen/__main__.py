"""`python -m meshgen`."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # `-m` looks for modules in the working directory first: what is built there may bring a `click.py`.
    if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):  # noqa: PTH100, PTH120 - before anything is imported
        del sys.path[0]
    from meshgen.cli import main

    sys.exit(main())
