"""What the generator fills in from the suites and the fixtures."""

SUITE = ""
FORMAT = ""
NAMES = {}
EPHEMERAL = {}
SYSCTLS = ()
LINUX_STATES = {}
STATE_WORDS = {}
STRANGERS = {}
ENOUGH = 0
EXPERIMENTS = []
