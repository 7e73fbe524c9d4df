"""Settings: where each comes from, and a sentence for each that is wrong. Standard library only.

A setting is taken from the command line, else from the environment (``BAOVE_<NAME>``), else from the TOML file
(``$BAOVE_CONFIG``, else ``/etc/baove/baove.toml`` where it is there, on Windows ``baove.toml`` in the folder baove of
%ProgramData%), else it is its default. One file may serve several programs of one machine, each of which declares its
own settings.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG_VARIABLE = "BAOVE_CONFIG"
if sys.platform == "win32":
    DATA_FOLDER = Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData"), "baove")
    CONFIG_FILE = DATA_FOLDER / "baove.toml"
else:
    DATA_FOLDER = Path("/var/lib/baove")
    CONFIG_FILE = Path("/etc/baove/baove.toml")


class SettingsError(Exception):
    """A setting that is not taken. The sentence keeps its template, so that it can be said in another language."""

    def __init__(self, template: str, /, **arguments: Any) -> None:
        self.template, self.arguments = template, arguments
        super().__init__(template.format_map(arguments))

    def said(self, say: Callable[[str], str]) -> str:
        """Return the sentence in the language of ``say``, and so what it expected."""
        told = {name: say(value) if name == "expected" else value for name, value in self.arguments.items()}
        return say(self.template).format_map(told)


@dataclass(frozen=True, slots=True)
class Setting:
    """What may be set.

    ``parse`` takes what a person wrote (text, or the value that TOML has) and returns the value, or raises ValueError
    whose message says what is expected ("expected a port from 1 to 65535"). It is never asked about the default.
    """

    name: str
    default: Any
    parse: Callable[[Any], Any]
    about: str


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and its origin: 'default', a file's path, 'BAOVE_LISTEN' or '--listen'."""

    value: Any
    origin: str


def load(
    declared: Sequence[Setting],
    environ: Mapping[str, str],
    file: Path | None = None,
    given: Mapping[str, Any] | None = None,
    others: Iterable[str] = (),
) -> dict[str, Value]:
    """Return each declared setting's value, by its name.

    ``given`` is the command line; what is None there was not given. ``others`` are the names that other programs read
    from the same file. Raises SettingsError for a key that nobody knows, a wrong value, or a file that can't be read.
    """
    path, content = _file(environ, file)
    names = {setting.name for setting in declared}
    unknown = sorted(content.keys() - names - set(others))
    if unknown:
        raise SettingsError(
            "{file}, {key}: expected one of {known}", file=path, key=unknown[0], known=", ".join(sorted(names))
        )
    return {setting.name: _value(setting, environ, path, content, given or {}) for setting in declared}


def _value(
    setting: Setting, environ: Mapping[str, str], path: Path, content: Mapping[str, Any], given: Mapping[str, Any]
) -> Value:
    variable = f"BAOVE_{setting.name.upper()}"
    if given.get(setting.name) is not None:
        return _parsed(setting, given[setting.name], f"--{setting.name.replace('_', '-')}")
    if environ.get(variable):
        return _parsed(setting, environ[variable], variable)
    if setting.name in content:
        return _parsed(setting, content[setting.name], str(path))
    return Value(setting.default, "default")


def _parsed(setting: Setting, raw: Any, origin: str) -> Value:
    try:
        return Value(setting.parse(raw), origin)
    except (ValueError, TypeError) as why:
        said: Any = f"expected another kind of value than {raw!r}"
        if isinstance(why, ValueError):
            said = why.args[0] if why.args else ""  # itself, since it may know its words in another language
        place = origin if origin.startswith(("--", "BAOVE_")) else f"{origin}, {setting.name}"
        raise SettingsError("{place}: {expected}", place=place, expected=said) from why


def _file(environ: Mapping[str, str], file: Path | None) -> tuple[Path, dict[str, Any]]:
    """Return the file and what it holds. A file that somebody named must be there; the usual one may be absent."""
    named = file or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    path = named or CONFIG_FILE
    import tomllib  # not at the top: the daemon knows settings, but reads no file

    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as why:
        if named is None:
            return path, {}
        raise SettingsError("{file}: expected a file here, found none", file=path) from why
    except UnicodeDecodeError as why:
        raise SettingsError("{file}: expected UTF-8 text: save the file as UTF-8", file=path) from why
    except tomllib.TOMLDecodeError as why:
        raise SettingsError("{file}: expected TOML: {why}", file=path, why=why) from why
    except OSError as why:
        raise SettingsError("{file}: could not be read: {why}", file=path, why=why.strerror) from why


def text(raw: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError(f"expected a text, not {raw!r}")
    return raw.strip()


def truth(raw: Any) -> bool:
    """Read true or false."""
    words = {"true": True, "false": False}
    found = raw if isinstance(raw, bool) else words.get(text(raw).lower())
    if found is None:
        raise ValueError(f"expected true or false, not {raw!r}")
    return found


def folder(raw: Any) -> Path:
    """Read the path of a folder; a leading ``~`` is the user's home."""
    try:
        return Path(text(raw)).expanduser().absolute()
    except RuntimeError as why:
        raise ValueError(f"expected a folder; nobody's home is known by {raw!r}") from why


def address(raw: Any) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 host in brackets."""
    host, colon, port = text(raw).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) < 1 << 16:
        raise ValueError(f"expected HOST:PORT such as 127.0.0.1:8080, not {raw!r}")
    return host, int(port)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def period(raw: Any, least: int, most: int) -> int:
    """Read a period such as '90s', '10m', '1h' or '1d', in seconds, within limits."""
    written = text(raw)
    number, unit = written[:-1], written[-1]
    if not (number.isascii() and number.isdigit()) or unit not in _UNITS or len(number) > len(str(most)):
        raise ValueError(f"expected a period such as 10m, 1h or 1d, not {raw!r}")
    seconds = int(number) * _UNITS[unit]
    if not least <= seconds <= most:
        raise ValueError(f"expected a period from {least} s to {most} s, not {raw!r}")
    return seconds
