"""What the parts of this chapter share: a group of each family."""

from __future__ import annotations

import pytest

from fixtures.language.words import GROUP, GROUP6, IPV6_V6ONLY, NONE, Options
from fixtures.specification.sources import TCPV2

V6ONLY = Options(IPV6_V6ONLY)

#: The family, the options that its sockets are always made with, and its group.
GROUPS = [(4, NONE, GROUP), (6, V6ONLY, GROUP6)]
EACH_FAMILY = pytest.mark.parametrize(("family", "always", "group"), GROUPS, ids=str)
COPIES = TCPV2.at("§23.7, udp_input")
