r"""The registry: one key as collectors see it, and the reader of exports (.reg, version 5).

Keys are written as 'HKLM\SOFTWARE\…' (HKLM, HKU, HKCU, HKCR) and compared without case, as names of values are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Value = str | int | bytes | tuple[str, ...] | None
"""REG_SZ and REG_EXPAND_SZ are str, REG_DWORD and REG_QWORD int, REG_MULTI_SZ a tuple, everything else bytes."""


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """One key: its values by their names in lower case ('' is the default value), and its subkeys' names.

    ``written_at`` is when the key was last written to, UTC; None where that is not told, as in exports.
    """

    values: Mapping[str, Value]
    subkeys: Sequence[str]
    written_at: datetime | None = None

    def get(self, name: str) -> Value:
        """Return a value as it is; None where there is none."""
        return self.values.get(name.lower())

    def text(self, name: str) -> str | None:
        """Return a text without blanks around it; None where there is none, or an empty one."""
        value = self.get(name)
        return value.replace("\0", "").strip() or None if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a text of many lines, or one text; nothing where there is none."""
        value = self.get(name)
        many = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
        return tuple(one.strip() for one in many if one.strip())

    def number(self, name: str) -> int | None:
        """Return a number; a text of digits and up to eight bytes are numbers too."""
        value = self.get(name)
        if isinstance(value, bytes):
            return int.from_bytes(value, "little") if 0 < len(value) <= 8 else None  # noqa: PLR2004 - a QWORD's bytes
        if isinstance(value, str):
            found = value.strip()
            return int(found) if found.isdecimal() and found.isascii() and len(found) <= 20 else None  # noqa: PLR2004 - digits of 2**64
        return value if isinstance(value, int) else None

    def data(self, name: str) -> bytes | None:
        """Return bytes; None where there are none."""
        value = self.get(name)
        return value or None if isinstance(value, bytes) else None


_ROOTS = {
    "hkey_local_machine": "hklm",
    "hkey_users": "hku",
    "hkey_current_user": "hkcu",
    "hkey_classes_root": "hkcr",
}
_CONTROL_SET = re.compile(r"hklm\\system\\controlset00\d(?=\\|\Z)")
_CURRENT = r"hklm\\system\\currentcontrolset"


def folded(key: str) -> str:
    """Return a key as it is looked up: lower case, a short root, the control set that is in use."""
    root, separator, rest = key.strip("\\").lower().partition("\\")
    path = f"{_ROOTS.get(root, root)}{separator}{rest}"
    return _CONTROL_SET.sub(_CURRENT, path) if path.startswith("hklm\\system\\controlset") else path


_HEADS = ("Windows Registry Editor Version 5.00", "REGEDIT4")
_HEAD = re.compile(r"^\[(-?)([^\r\n]+)\]\r?$", re.MULTILINE)


class Export:
    """The keys of one .reg file. Values are read when they are asked for: an export may have many thousand."""

    def __init__(self, text: str) -> None:
        """Raise ValueError, with a sentence, where the text is no export or was cut."""
        if not text.lstrip().startswith(_HEADS):
            raise ValueError("is no registry export")
        if not text.endswith(("\n", "\r")):
            raise ValueError("ends within a line: it was cut")
        heads = list(_HEAD.finditer(text))
        if not heads:
            raise ValueError("is a registry export without a key")
        self._text = text
        self._roots: list[str] = []
        self._spelled: dict[str, str] = {}
        self._parts: dict[str, list[tuple[int, int]]] = {}
        self._names: dict[str, dict[str, str]] = {}
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            end = following.start() if following else len(text)
            path = folded(head[2])
            if not any(_is_below(path, root) for root in reversed(self._roots)):
                self._roots.append(path)
                self._spelled[path] = path[: -len(head[2])] + head[2][-len(path) :]
            self._parts.setdefault(path, []).append((head.end(), end))
            self._adopt(path, head[2])

    def _adopt(self, path: str, spelled: str) -> None:
        """Note a key below its parent, and the parents that the file does not name, up to the root."""
        while path not in self._roots:
            path, _, name = path.rpartition("\\")
            siblings = self._names.setdefault(path, {})
            if name in siblings:
                return
            siblings[name] = spelled[len(spelled) - len(name) :]
            spelled = spelled[: len(spelled) - len(name) - 1]

    @property
    def roots(self) -> Sequence[str]:
        """The folded keys that were exported with all below them."""
        return self._roots

    def covers(self, path: str) -> bool:
        """Return whether a folded key would be here, if the machine had it."""
        return any(_is_below(path, root) for root in self._roots)

    def names(self, path: str) -> Sequence[str]:
        """Return the names of a folded key's subkeys."""
        return tuple(self._names.get(path, {}).values())

    def names_towards(self, path: str) -> Sequence[str]:
        """Return the next names on the ways from a folded key down to the roots below it."""
        start = f"{path}\\"
        return [self._spelled[root][len(start) :].split("\\")[0] for root in self._roots if root.startswith(start)]

    def key(self, path: str) -> RegistryKey | None:
        """Return a folded key; None where it is absent. Raises ValueError where its values make no sense."""
        parts = self._parts.get(path)
        if parts is None and path not in self._names:
            return None
        values: dict[str, Value] = {}
        for start, end in parts or ():
            for name, value in _values(self._text[start:end]):
                values.setdefault(name, value)
        return RegistryKey(values, self.names(path))


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}\\")


_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_NAME = re.compile(rf"\s*(?:{_QUOTED}|@)\s*=\s*", re.DOTALL)
_TEXT = re.compile(rf"{_QUOTED}\s*\Z", re.DOTALL)
_HEX = re.compile(r"hex(?:\(([0-9a-f]{1,8})\))?:(.*)\Z", re.DOTALL | re.IGNORECASE)
_DWORD = re.compile(r"dword:([0-9a-f]{1,8})\s*\Z", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TEXT_KINDS, _MANY, _NUMBERS = {1, 2}, 7, {4, 11}


def _values(section: str) -> Iterator[tuple[str, Value]]:
    """Yield the values of a key's section: (name in lower case, value)."""
    waiting = ""
    for line in section.replace("\r", "").split("\n"):
        if not waiting:
            if not line.strip() or line.startswith(";"):
                continue
            waiting = line
        elif waiting.endswith("\\"):  # bytes go on in the next line
            waiting = waiting[:-1] + line.strip()
        else:  # a text with a line break in it
            waiting += f"\n{line}"
        if waiting.endswith("\\"):
            continue
        head = _NAME.match(waiting)
        if head is None:
            raise ValueError("holds lines that are no values")
        said = waiting[head.end() :]
        if said.startswith('"') and not (said.endswith('"') and _TEXT.match(said)):
            continue
        waiting = ""
        yield _plain(head[1] or "").lower(), _value(said)
    if waiting:
        raise ValueError("holds a value without its end")


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _value(said: str) -> Value:
    if said.startswith('"'):
        return _plain(said.rstrip()[1:-1])
    if found := _DWORD.match(said):
        return int(found[1], 16)
    if found := _HEX.match(said):
        return of_bytes(int(found[1] or "3", 16), bytes.fromhex(found[2].replace(",", " ")))
    raise ValueError("holds a value of no known kind")


def of_bytes(kind: int, data: bytes) -> Value:
    """Return a value of a REG_* kind from its bytes."""
    if kind in _TEXT_KINDS:
        return data[: len(data) & ~1].decode("utf-16-le", "replace").split("\0")[0]
    if kind == _MANY:
        return tuple(one for one in data[: len(data) & ~1].decode("utf-16-le", "replace").split("\0") if one)
    if kind in _NUMBERS:
        return int.from_bytes(data, "little") if data else None
    return data
