"""`python -m asklearn` is the command `asklearn`."""

from __future__ import annotations

import sys

from asklearn.cli import main

if __name__ == "__main__":
    sys.exit(main())
