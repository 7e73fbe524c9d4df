"""What a build makes of files that people write: the catalogues of words, and the rules for PCs without YAML.

Hatch runs it for wheels and for the editable install; ``make`` runs it as a script when a source changed.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def build(root: Path) -> None:
    """Write each <package>/locale/*/LC_MESSAGES/*.mo and rules/compiled.json beside their sources.

    Raises what Babel raises of a catalogue it can't read, and rules.problems' errors of a broken rule.
    """
    for source in root.glob("*/locale/*/LC_MESSAGES/*.po"):
        with source.open("rb") as words:
            catalogue = read_po(words, locale=source.parts[-3], abort_invalid=True)
        unfinished = source.with_suffix(".mo.new")  # a running program must never read half a file
        with unfinished.open("wb") as compiled:
            write_mo(compiled, catalogue)
        unfinished.replace(source.with_suffix(".mo"))
    sys.path.insert(0, str(root))
    try:
        unfinished = root / "rules" / "compiled.json.new"
        importlib.import_module("rules.load").compile_to(unfinished)
        unfinished.replace(root / "rules" / "compiled.json")
    finally:
        sys.path.remove(str(root))


class Hook(BuildHookInterface[Any]):
    """Hatch's way in."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's signature
        """Build beside the sources; pyproject.toml's ``artifacts`` take the results into the wheel."""
        build(Path(self.root))


if __name__ == "__main__":
    build(Path(__file__).resolve().parent)
