"""What is known of activators: the hosts, services, tasks, files and programs that they leave, with who said so.

``activators.tsv`` holds one row each: kind, name, the tool it belongs to (where that is told), and the source. What is
not listed is not found; a listed name found on a PC is a suspicion, since anybody may use any name.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("activators.tsv")


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that an activator leaves. ``tool`` is None where no single one is known for it."""

    name: str
    tool: str | None

    @property
    def of(self) -> str:
        """What it belongs to, in words."""
        return self.tool or "activators"


@cache
def known(kind: str) -> dict[str, Trace]:
    """Return the traces of a kind (kms_host, kms_address, service, task, file, program, title) by lower-case name."""
    rows = (one.split("\t") for one in TABLE.read_text(encoding="utf-8").splitlines()[1:])
    return {name.lower(): Trace(name, tool or None) for of, name, tool, _ in rows if of == kind}
