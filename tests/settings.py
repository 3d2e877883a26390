"""The settings of its system under which a model is tried."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.models.base import Model

#: The defaults of IPV6_V6ONLY, which no configuration of a model names: every experiment with an IPv6 socket would be another.
DEFAULTS: dict[str, list[dict[str, str]]] = {
    "linux": [{"net.ipv6.bindv6only": "1"}],
    "freebsd": [{"net.inet6.ip6.v6only": "0"}],
}


def settings_of(model: type[Model]) -> list[Mapping[str, str]]:
    """Every configuration of a model, the one of a fresh machine first."""
    return [*model.configurations, *DEFAULTS.get(model.name, [])]
