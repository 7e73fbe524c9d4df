"""Where a command's settings come from: the hub's and the agent's declarations, and folders of one's own."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.settings import Value, load

SYSTEM = Path("/var/lib/baove")

READ_ELSEWHERE = {
    "BAOVE_CONFIG": "The TOML file of settings, else /etc/baove/baove.toml",
    "LC_ALL": "The language, where --lang does not say it: Vietnamese when it begins with vi",
    "LC_MESSAGES": "The language, where LC_ALL is not set",
    "LANG": "The language, where neither is set",
    "NO_COLOR": "Set to anything: no colours",
    "XDG_DATA_HOME": "Where an ordinary user's own data lie, else ~/.local/share",
}
"""What commands read from the environment beside settings."""


def hub_settings(environ: Mapping[str, str], **given: Any) -> dict[str, Value]:
    """Return the hub's settings; ``given`` are the options of the command line. Raises SettingsError."""
    from hub.settings import OTHERS, SETTINGS

    return _with_own_folder(load(SETTINGS, environ, None, _texts(given), OTHERS), "hub", environ)


def agent_settings(environ: Mapping[str, str], **given: Any) -> dict[str, Value]:
    """Return the agent's settings. Raises SettingsError."""
    from agent.settings import OTHERS, SETTINGS

    return _with_own_folder(load(SETTINGS, environ, None, _texts(given), OTHERS), "agent", environ)


def _texts(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else str(value) for name, value in given.items()}


def _with_own_folder(found: dict[str, Value], program: str, environ: Mapping[str, str]) -> dict[str, Value]:
    """Let an ordinary user who said no folder have one of their own, unless the system's is there and open to them."""
    if found["data"].origin == "default":
        found["data"] = Value(own_folder(environ) / program, "default")
        theirs = SYSTEM / program
        if not found["data"].value.exists() and os.access(theirs, os.R_OK | os.X_OK):
            found["data"] = Value(theirs, "default")
    return found


def own_folder(environ: Mapping[str, str]) -> Path:
    """Return where this user's data lie: /var/lib/baove for root."""
    if os.geteuid() == 0:
        return SYSTEM
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "baove"


def shown(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield every setting with its value and its origin. Raises SettingsError."""
    from agent.settings import SETTINGS as OF_AGENT
    from hub.settings import SETTINGS as OF_HUB

    for program, declared, found in (
        ("hub", OF_HUB, hub_settings(environ)),
        ("agent", OF_AGENT, agent_settings(environ)),
    ):
        for setting in declared:
            value = found[setting.name]
            yield {
                "program": program, "name": setting.name, "value": plain(value.value), "origin": value.origin,
                "about": setting.about,
            }  # fmt: skip
    for name, about in READ_ELSEWHERE.items():
        origin = name if name in environ else "default"
        yield {"program": "command", "name": name, "value": environ.get(name), "origin": origin, "about": about}


def plain(value: Any) -> Any:
    """Return a setting's value as a person would write it."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):  # noqa: PLR2004 - host and port
        host, port = value
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(value, tuple):
        return [{"purpose": one.purpose, "target": one.target} for one in value]
    return str(value) if isinstance(value, Path) else _without_password(value)


def _without_password(value: Any) -> Any:
    """Return a value fit to be shown: a database's address may hold a password."""
    if isinstance(value, str) and "://" in value and "@" in value:
        scheme, _, rest = value.partition("://")
        user, _, place = rest.rpartition("@")
        name, colon, _ = user.partition(":")
        return f"{scheme}://{name}{':***' if colon else ''}@{place}"
    return value
