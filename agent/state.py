"""What the agent remembers from run to run. Losing it costs one whole report and nothing else."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agent import files
from agent.schedule import Entry
from collectors.facts import compact
from collectors.sources.probe import Probe


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub has of a table, or will have once the reports that wait have come: the digest of its rows.

    ``number`` is the spooled report that carries them, 0 once it was acknowledged.
    """

    digest: str
    whole_at: str
    number: int


@dataclass(slots=True)
class State:
    """The agent's memory. Times are UTC text."""

    hub: str | None = None
    device_id: str | None = None
    identifiers: dict[str, Any] | None = None
    known: dict[str, Known] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=dict)
    made: int = 0
    acknowledged: int = 0
    rejected: int = 0
    dropped: int = 0
    last_made_at: str | None = None
    last_acknowledged_at: str | None = None
    last_error: str | None = None
    last_error_at: str | None = None
    report_every_seconds: int | None = None
    """What the hub asked for, if it did."""
    probes: list[dict[str, str]] = field(default_factory=list)
    """What the hub asked to be reached, beside the configuration."""


def load(path: Path) -> State:
    """Read the state; a new one where there is none, or none that makes sense."""
    try:
        said: dict[str, Any] = files.read_json(path) or {}
        wrong = [name for name, value in said.items() if type(value) not in _KINDS[name]]
        if wrong:
            return State()
        said["known"] = {table: Known(**one) for table, one in said.get("known", {}).items()}
        said["entries"] = [Entry(**one) for one in said.get("entries", [])]
        for one in said.get("probes", []):
            Probe(**one)
        return State(**said)
    except (TypeError, AttributeError, ValueError, LookupError):
        return State()


_TEXTS_OR_NONE = ("hub", "device_id", "last_made_at", "last_acknowledged_at", "last_error", "last_error_at")
_KINDS: dict[str, set[type]] = {
    **{name: {type(value)} for name, value in asdict(State()).items() if value is not None},
    **{name: {str, type(None)} for name in _TEXTS_OR_NONE},
    "identifiers": {dict, type(None)},
    "report_every_seconds": {int, type(None)},
}


def save(path: Path, state: State) -> None:
    """Write the state. Raises OSError."""
    files.write(path, [compact().encode(asdict(state)).encode()])


def for_hub(state: State, hub: str | None) -> None:
    """Forget what one hub knows when the agent was pointed at another."""
    if state.hub != hub:
        state.hub, state.device_id, state.known = hub, None, {}
        state.report_every_seconds, state.probes = None, []


def forget_report(state: State, number: int) -> None:
    """Forget what a report that never came was to tell the hub."""
    state.known = {table: known for table, known in state.known.items() if known.number != number}


def settle_report(state: State, number: int) -> None:
    """Note that a report was acknowledged."""
    state.known = {
        table: Known(known.digest, known.whole_at, 0) if known.number == number else known
        for table, known in state.known.items()
    }


def same_machine(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Return whether two sets of identifiers share one: a new disk is no new machine, a clone of the disk is."""
    return before is None or bool(_all(before) & _all(now))


def _all(identifiers: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (name, one)
        for name, value in identifiers.items()
        if value
        for one in (value if isinstance(value, list | tuple) else [value])
    }
