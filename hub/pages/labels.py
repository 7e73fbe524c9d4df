"""The names of tables and fields as people say them, made from the names in the code.

A new collector needs nothing here: its table and fields are read out of its class, and their Vietnamese stands in the
catalogue of collectors/.
"""

import re
from collections.abc import Callable

from collectors.facts import Field

Say = Callable[[str], str]

_UNIT = re.compile(r"_(bytes|seconds|mhz|mbps|bps|percent|hours|mwh)$")


def table_label(name: str) -> str:
    """Return the English name of a table: 'operating system'; the catalogues translate it."""
    return name.replace("_", " ")


def field_label(field: Field) -> str:
    """Return the English name of a field without its unit, which stands beside each value: 'max' of max_mhz."""
    return _UNIT.sub("", field.name).replace("_", " ")


def capital(text: str) -> str:
    """Return text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]
