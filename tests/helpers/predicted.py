"""What every platform is predicted to answer, worked out once for all tests of a worker: it takes seconds."""

from __future__ import annotations

from functools import cache

from fixtures.models import Platform
from fixtures.record.verdicts import Observation
from reports.catalogue import Row, all_rows, by_id
from reports.site.history import Newest


class Kept(Newest):
    """Keeps what the newest releases answered, which is what an older one answers if the model has asked for nothing later."""

    def predict(self, platform: Platform, row: Row) -> list[Observation]:
        model = platform.make()
        if platform.version and not (model.releases and model.since(self.of(platform, row).since)):
            return super().predict(platform, row)
        return _kept(platform.name, row.experiment.id)

    def played(self, name: str, identifier: str) -> list[Observation]:
        return super().predict(Platform(name), by_id()[identifier])


NEWEST = Kept()


@cache
def _kept(name: str, identifier: str) -> list[Observation]:
    return NEWEST.played(name, identifier)


def predicted(name: str) -> dict[str, list[Observation]]:
    """What the newest release allows for each experiment, as it is configured when it is fresh, to root."""
    return {row.experiment.id: NEWEST.predict(Platform(name), row) for row in all_rows()}
