"""`python -m addrinuse VERB`: the command, where no script of that name is on the path."""

import sys

from addrinuse.command import main

sys.exit(main())
