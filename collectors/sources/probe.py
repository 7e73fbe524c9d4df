"""What to reach, and how trying it went. The trying itself is in attempt.py, whose imports are heavy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Probe:
    """What to reach, and what for: 'internet', 'sector', 'hub'. The target is a URL: http, https or tcp://host:port."""

    purpose: str
    target: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How one step ('dns', 'tcp', 'tls', 'http') ended. The error is a short English phrase."""

    kind: str
    ok: bool
    duration_seconds: float
    error: str | None = None


def check_target(target: str) -> None:
    """Raise ValueError, with a sentence, where a target is not a URL that can be probed."""
    parts = urlsplit(target)
    if parts.scheme not in {*PORTS, "tcp"} or not parts.hostname:
        raise ValueError(f"{target!r} is no http://, https:// or tcp://host:port address")
    if parts.username or parts.password:
        raise ValueError("a probe's address must hold no user name or password")
    if parts.scheme == "tcp" and not parts.port:
        raise ValueError(f"{target!r} lacks its port")
