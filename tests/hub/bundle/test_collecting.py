"""collect.cmd asks what Windows' collectors ask, and nothing that is a secret."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.host import for_system
from collectors.identifiers import identifiers
from collectors.run import run
from collectors.sources.registry import RegistryKey
from collectors.sources.wmi import NoSuchClass
from hub.bundle import collecting

COLLECTORS = Path(__file__).resolve().parents[3] / "collectors"

CLASS = re.compile(
    r"(?:Win32|MSFT|CIM|UWF)_\w+|MS\w+Driver_\w+|Wmi\w+|Battery(?!Report)[A-Z]\w+|(?:AntiVirus|Firewall)Product"
    r"|(?:Office)?SoftwareP\w*tionProduct|SoftwareLicensing\w+"
)

SID = "S-1-5-21-1-2-3-1001"
WOW64 = "HKLM\\SOFTWARE\\WOW6432Node\\"


class Noted(Mapping[str, Any]):
    """The values of a key that has none: who asks for one is written down."""

    def __init__(self, asked: set[str]) -> None:
        self._asked = asked

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Asked:
    """A Windows that has, as the test says, one bare instance of everything, none, no class, or odd values."""

    system, is_root, is_server, is_lab, probes = "windows", True, False, True, ()

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.classes: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.values: dict[str, set[str]] = defaultdict(set)

    def hostname(self) -> str:
        """Return a name."""
        return "PM1-05"

    def now(self) -> datetime:
        """Return a time."""
        return datetime(2026, 3, 2, 1, 15, tzinfo=UTC)

    def wmi(self, namespace: str, name: str, *properties: str, where: str | None = None) -> list[dict[str, Any]]:
        """Write down what is asked."""
        assert where is None or where
        self.classes[namespace, name] |= set(properties)
        if self.answer == "no class":
            raise NoSuchClass(name)
        return [] if self.answer == "none" else [dict.fromkeys(properties, None if self.answer == "bare" else "1")]

    def registry(self, key: str, *, wow64: bool = False) -> RegistryKey | None:
        """Write down what is asked."""
        path = key.replace("HKLM\\SOFTWARE\\", WOW64, 1) if wow64 else key
        asked = self.values[path]
        names = ("0000", "{Name}") if path.count("{Name}") < 3 else ()
        return None if self.answer == "no class" else RegistryKey(Noted(asked), names)

    def loaded_users(self) -> list[str]:
        """Return one person."""
        return [SID]

    def __getattr__(self, name: str) -> Any:
        """Whatever else a live Windows tells, a stick does not bring."""

        def absent(*_: object, **__: object) -> None:
            raise FileNotFoundError(2, "not in the recording", name)

        return absent


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """Run all of Windows' collectors over machines that write down what they are asked."""
    hosts = [Asked(answer) for answer in ("bare", "none", "no class", "odd")]
    for host in hosts:
        for collector in for_system("windows").values():
            run(collector, host)
        if host.answer in {"bare", "none"}:
            identifiers(host)  # type: ignore[arg-type]
    return hosts


def test_every_property_that_a_collector_asks_is_written_down(asked: list[Asked]) -> None:
    """Each class and property that comes up while collectors run is in collect.cmd, or left out with a reason."""
    there = {
        (namespace.lower(), name): {one.lower() for one in properties.split()}
        for (namespace, name), properties in collecting.CLASSES.items()
    }
    lacking = {
        (name, one)
        for host in asked
        for (namespace, name), properties in host.classes.items()
        for one in properties
        if one.lower() not in there.get((namespace.lower(), name), set())
        and not {name, one} & collecting.LEFT_OUT.keys()
    }

    assert len(asked[0].classes) > 25
    assert lacking == set()


def test_every_class_that_a_collector_names_is_written_down() -> None:
    """A class that no made-up machine brought a collector to ask for is found by its name in the code."""
    named = {
        node.value
        for path in COLLECTORS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CLASS.fullmatch(node.value)
    }

    assert len(named) > 30
    assert named - {name for _, name in collecting.CLASSES} - collecting.LEFT_OUT.keys() == set()


def _is_written_down(key: str, name: str) -> bool:
    path, wanted = key.lower(), name.lower()

    def below(tops: Any) -> Iterator[str]:
        return (top for top in tops if path == top.lower() or path.startswith(f"{top.lower()}\\"))

    if any(below(collecting.TREES)) or name == "":
        return True
    if any(path == one.lower() and wanted in names.lower().split("|") for one, names in collecting.VALUES.items()):
        return True
    people = {f"HKU\\{SID}{below_hive}": names for below_hive, names in collecting.OF_PEOPLE.items()}
    return any(
        wanted in names.lower().split("|")
        for deep in (collecting.DEEP, people)
        for one, names in deep.items()
        if one in set(below([one]))
    )


def test_every_registry_value_that_a_collector_asks_is_written_down(asked: list[Asked]) -> None:
    """Each value that comes up while collectors run is in collect.cmd, unless it is a secret."""
    lacking = {
        (key, name)
        for host in asked
        for key, names in host.values.items()
        for name in names
        if not _is_written_down(key, name) and not SECRET.search(name) and not ODD_KEY.search(key)
    }

    assert lacking == set()


ODD_KEY = re.compile(r"\\Enum\\(1|\\|None)")
"""What comes of an odd device's name: DISPLAY, USB and PCI are what real ones lie under."""

SECRET = re.compile(r"digitalproductid|productkey|password|backup", re.IGNORECASE)


def test_no_secret_is_asked() -> None:
    """No product key, no password and no user's name is among what collect.cmd writes down."""
    personal = re.compile(r"UserName|RegisteredUser|RegisteredOwner|PrimaryOwner|Owner$", re.IGNORECASE)
    values = [*collecting.VALUES.values(), *collecting.DEEP.values(), *collecting.OF_PEOPLE.values()]
    names = {one for text in values for one in text.split("|")}
    properties = {one for text in collecting.CLASSES.values() for one in text.split()} - {"PartialProductKey"}
    trees = [one.lower() for one in collecting.TREES]
    keys_with_secrets = [
        r"hklm\software\microsoft\windows nt\currentversion",
        r"hklm\software\microsoft\windows nt\currentversion\softwareprotectionplatform",
        r"hklm\software\microsoft\windows nt\currentversion\winlogon",
        r"hklm\software\microsoft\office\16.0\registration",
    ]

    assert [one for one in names | properties if SECRET.search(one) or personal.search(one)] == [
        one for one in properties if one in {"OA3xOriginalProductKeyDescription", "ProductKeyChannel"}
    ]
    assert [key for key in keys_with_secrets if any(f"{key}\\".startswith(f"{tree}\\") for tree in trees)] == []


def test_the_script_is_whole() -> None:
    """Each place is filled in, each label that is called is there, and no line is longer than cmd.exe reads."""
    text = collecting.script()
    called = set(re.findall(r"(?:call :|goto )(\w+)", text))
    labels = set(re.findall(r"^:(\w+)$", text, re.MULTILINE))

    assert "@" not in text.replace("@echo off", "").replace("@(", "")
    assert called - labels == set()
    assert max(map(len, text.splitlines())) < 8191
    assert text.isascii()
