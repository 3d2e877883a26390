"""The pictures: SVG drawn from the life-cycle table, from traces and from the cells."""

from __future__ import annotations

from reports.site.data import Site
from reports.site.pictures.evidence import evidence
from reports.site.pictures.lifecycle import lifecycle
from reports.site.pictures.picture import Picture
from reports.site.pictures.timeline import STORIES, timeline


def pictures(site: Site) -> list[Picture]:
    """Every picture of the site."""
    return [lifecycle(site), *(timeline(site, story) for story in STORIES), evidence(site)]
