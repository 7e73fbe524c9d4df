"""The agent's settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from collectors.settings import DATA_FOLDER, Setting, Value, address, folder, period, text, truth
from collectors.sources.probe import Probe, check_target
from rules.words import sentence

LEAST_REPORT_SECONDS = 300
MOST_REPORT_SECONDS = 86400
"""How often a PC reports, whoever says so: not more often than every 5 minutes, at least once a day."""

PROBES_LIMIT = 20
PURPOSE_LIMIT = 40
TARGET_LIMIT = 300

OTHERS = ("listen", "database", "inbox", "school")
"""What the hub reads from the same file where both run on one machine."""


def hub(raw: Any) -> str:
    """Read the hub's URL. Plain http is taken for this very machine only: reports must not cross a network unread."""
    written = text(raw).rstrip("/")
    parts = _parts(written)
    if parts is None:
        raise ValueError(
            sentence("expected the hub's address, such as https://baove.school.example:8443, not {raw}", raw=repr(raw))
        )
    if parts.username or parts.password:
        raise ValueError(sentence("expected an address without a user name or password"))
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(sentence("expected https:// beyond this machine, not {raw}", raw=repr(raw)))
    return written


def _parts(written: str) -> SplitResult | None:
    """Return a web address in parts; None where it is none."""
    try:
        parts = urlsplit(written)
        bare = parts.hostname and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        return None
    return parts if bare and parts.scheme in {"http", "https"} else None


def is_loopback(host: str) -> bool:
    """Return whether a host name is this very machine's own."""
    parts = host.split(".")
    numbers = len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts)  # noqa: PLR2004 - IPv4's
    return host in {"localhost", "::1"} or (numbers and parts[0] == "127")


def listen(raw: Any) -> tuple[str, int]:
    """Read where /metrics is served: this machine only, until the agent has joined a hub with certificates."""
    host, port = address(raw)
    if not is_loopback(host):
        raise ValueError(
            sentence("expected an address of this machine such as 127.0.0.1:9977, not {raw}", raw=repr(raw))
        )
    return host, port


def probes(raw: Any) -> tuple[Probe, ...]:
    """Read what to reach: a list of {purpose, target}; from the environment or the command line as JSON."""
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError as why:
            raise ValueError(sentence("expected JSON: {why}", why=why)) from why
    if not isinstance(raw, list) or len(raw) > PROBES_LIMIT:
        raise ValueError(
            sentence("expected a list of at most {count} probes, each with purpose and target", count=PROBES_LIMIT)
        )
    found = []
    for one in raw:
        if not isinstance(one, dict) or one.keys() != {"purpose", "target"}:
            raise ValueError(sentence("expected purpose and target, and nothing else, not {raw}", raw=str(one)[:100]))
        purpose, target = text(one["purpose"]), text(one["target"])
        if len(purpose) > PURPOSE_LIMIT or len(target) > TARGET_LIMIT:
            raise ValueError(
                sentence(
                    "expected at most {purpose} letters of purpose and {target} of target",
                    purpose=PURPOSE_LIMIT,
                    target=TARGET_LIMIT,
                )
            )
        check_target(target)
        found.append(Probe(purpose, target))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Here:
    """What is told of this PC to its collectors: what to reach, and whether it stands in a lab."""

    probes: tuple[Probe, ...] = ()
    is_lab: bool = False


NOTHING_TOLD = Here()


def here(settings: Mapping[str, Value]) -> Here:
    """Return what the settings tell of this PC."""
    return Here(tuple(settings["probes"].value), settings["lab"].value)


SETTINGS = (
    Setting("hub", None, hub, "The hub's address; without one nothing is sent"),
    Setting("data", DATA_FOLDER / "agent", folder, "The folder of what the agent keeps: last facts, unsent reports"),
    Setting("metrics_listen", ("127.0.0.1", 9977), listen, "Where /metrics is served"),
    Setting("probes", (), probes, "What to reach, so that the connection is known: a list of purpose and target"),
    Setting("lab", False, truth, "Whether this is a lab's PC: only of those are hours of use told"),
    Setting(
        "report_every",
        3600,
        lambda raw: period(raw, LEAST_REPORT_SECONDS, MOST_REPORT_SECONDS),
        "How often to report, from 5m to 1d; the hub may ask for another pace",
    ),
)
