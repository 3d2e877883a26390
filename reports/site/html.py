"""HTML from templates. Every value is escaped unless it is already HTML."""

from __future__ import annotations

from collections.abc import Iterable

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


class Html(str):
    """Text that is already HTML."""


def escape(value: object) -> Html:
    """The value as HTML, for use in text and in attributes with double quotes."""
    return value if isinstance(value, Html) else Html(str(value).translate(_ENTITIES))


def fill(template: str, **values: object) -> Html:
    """The template, which must be a constant, with its values filled in, each escaped."""
    return Html(template.format_map({name: escape(value) for name, value in values.items()}))


def join(parts: Iterable[Html], between: str = "") -> Html:
    """Pieces of HTML, one after the other."""
    return Html(between.join(parts))
