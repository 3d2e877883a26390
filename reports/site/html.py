"""HTML from templates. Every value is escaped unless it is already HTML."""

from __future__ import annotations

import re
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


def attribute(value: object) -> Html:
    """The value of an attribute. It has quotes only if HTML needs them, to keep the site small."""
    text = escape(value)
    return text if re.fullmatch(r"[A-Za-z0-9_.+:#/-]*[A-Za-z0-9_.+:#-]", text) else Html(f'"{text}"')


def join(parts: Iterable[Html], between: str = "") -> Html:
    """Pieces of HTML, one after the other."""
    return Html(between.join(parts))


def link(target: str, text: object) -> Html:
    """A link within the site, or to the outside."""
    return fill("<a href={target}>{text}</a>", target=attribute(target), text=text)


def code(text: object) -> Html:
    """Text to type or to search for."""
    return fill("<code>{text}</code>", text=text)
