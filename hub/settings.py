"""What the hub reads from its configuration and environment."""

from typing import Any

from collectors.settings import DATA_FOLDER, Setting, address, folder, text
from rules.words import sentence

LOOPBACK = ("127.0.0.1", "localhost", "::1")

OTHERS = ("hub", "metrics_listen", "probes", "lab", "report_every")
"""What the agent reads from the same file where both run on one machine."""


def listen(raw: Any) -> tuple[str, int]:
    """Read where to listen. Raises ValueError for an address that other machines can reach."""
    host, port = address(raw)
    if host not in LOOPBACK:
        raise ValueError(
            sentence(
                "{host} can be reached from other machines, and this version has neither sign-in nor encryption yet: "
                "listen on 127.0.0.1",
                host=host,
            )
        )
    return host, port


def database(raw: Any) -> str:
    """Read a database's address. Raises ValueError for one of a kind that the hub does not know."""
    written = text(raw)
    if not written.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError(sentence("expected an address such as postgresql+psycopg://user@host/name"))
    return written


SETTINGS = (
    Setting("data", DATA_FOLDER / "hub", folder, "The folder that holds the database"),
    Setting("listen", ("127.0.0.1", 8080), listen, "Where the page and the interface for agents are served"),
    Setting(
        "database", None, database, "Another database, postgresql+psycopg://user@host/name; without it SQLite in data"
    ),
    Setting("inbox", None, folder, "A folder that is watched for report files and for what collect.cmd wrote"),
    Setting("school", None, folder, "The folder of the school's profile, read at start"),
)
