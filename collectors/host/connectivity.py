"""Whether the targets of the configuration can be reached from this PC."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from collectors.facts import Metric, collector, fact
from collectors.sources.linux import Linux
from collectors.sources.probe import Probe
from collectors.sources.windows import Windows


class Kind(StrEnum):
    """The steps on the way to an answer."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    ICMP = "icmp"


_LABELS = {"target": lambda row: row.target, "kind": lambda row: row.kind.value}


@fact(
    key=("target", "purpose", "kind"),
    why="To know whether rooms reach the Internet and the sector (targets classroom-internet, sector-services)",
    valid_operation_days=7,
    volatile=("duration_seconds", "last_success_at"),
    keeps=("last_success_at",),
    metrics=(
        Metric(
            "baove_probe_success", "1 where the step succeeded, 0 where it failed", lambda row: float(row.ok), _LABELS
        ),
        Metric("baove_probe_duration_seconds", "How long the step took", lambda row: row.duration_seconds, _LABELS),
    ),
)
class Connectivity:
    """One step towards one target: tried once. A step after a failed one was not tried, so it has no row."""

    target: Annotated[str, "The target's address, as it is configured"]
    purpose: Annotated[str, "What it is asked for: internet, sector, hub"]
    kind: Annotated[Kind, "The step: name, connection, encryption, answer"]
    ok: Annotated[bool, "True when the step succeeded"]
    last_success_at: Annotated[datetime | None, "When it last succeeded, as far as this run knows: now or null"] = None
    duration_seconds: Annotated[float | None, "How long the step took"] = None
    error: Annotated[str | None, "Why it failed, a short English phrase"] = None


@collector(every="30m", within="60s")
def linux(host: Linux) -> Iterator[Connectivity]:
    """Probe each target of the configuration once, all at the same time. No targets: no rows."""
    yield from _probed(host)


@collector(every="10m", within="60s")
def windows(host: Windows) -> Iterator[Connectivity]:
    """Probe each target of the configuration once, as on Linux."""
    yield from _probed(host)


def _probed(host: Linux | Windows) -> Iterator[Connectivity]:
    if not host.probes:
        return
    from concurrent.futures import ThreadPoolExecutor  # takes 10 ms: only where there is something to probe

    def ask(probe: Probe) -> list[Connectivity]:
        return [
            Connectivity(
                target=probe.target,
                purpose=probe.purpose,
                kind=Kind(one.kind),
                ok=one.ok,
                last_success_at=host.now() if one.ok else None,
                duration_seconds=one.duration_seconds,
                error=one.error,
            )
            for one in host.probe(probe)
        ]

    with ThreadPoolExecutor(max_workers=min(8, len(host.probes))) as pool:
        for rows in pool.map(ask, host.probes):
            yield from rows
