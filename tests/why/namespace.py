"""Whether a network namespace can be made here: the exit status says."""

from __future__ import annotations

import sys

from fixtures.machine.namespace import Refused, enter

if __name__ == "__main__":
    try:
        enter("new")
    except Refused as error:
        sys.exit(str(error))
