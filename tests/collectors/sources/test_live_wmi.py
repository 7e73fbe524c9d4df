"""Questions to a live WMI, over scripting objects made up as Microsoft documents them: COM is on Windows only."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from collectors.facts import Failed
from collectors.sources.live_wmi import Asker
from collectors.sources.wmi import NoSuchClass

CIMV2 = r"root\cimv2"
EXCEPTION = -2147352567  # 0x80020009 as COM hands it over: signed


class COMError(Exception):
    """An error of comtypes: the scripting objects' own number stands last in the details."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.hresult = EXCEPTION
        self.details = (None, "SWbemServicesEx", None, 0, code - (1 << 32) if code else None)


class Instance:
    """An instance: properties by name, each with its value and its CIM type."""

    def __init__(self, **values: Any) -> None:
        self._values = values
        self.Properties_ = self

    def Item(self, name: str) -> Any:  # noqa: N802 - COM's own name
        """Return a property."""
        if name not in self._values:
            raise COMError(0x80041002)
        value, kind = self._values[name] if isinstance(self._values[name], tuple) else (self._values[name], 8)
        return SimpleNamespace(Value=value, CIMType=kind)


class Service:
    """One namespace: it answers each query by a function."""

    def __init__(self, answer: Callable[[str], list[Instance]], known: tuple[str, ...] = ()) -> None:
        self.queries: list[str] = []
        self.Security_ = SimpleNamespace(AuthenticationLevel=0)
        self._answer, self._known = answer, known

    def ExecQuery(self, query: str, language: str, flags: int) -> Iterator[Instance]:  # noqa: N802 - COM's own name
        """Answer when the first instance is taken, as a query that returns at once does."""
        assert (language, flags) == ("WQL", 0x30)
        self.queries.append(query)
        yield from self._answer(query)

    def Get(self, _: str) -> Any:  # noqa: N802 - COM's own name
        """Return a class's definition."""
        return SimpleNamespace(Properties_=[SimpleNamespace(Name=name) for name in self._known])


@pytest.fixture
def asker(monkeypatch: pytest.MonkeyPatch) -> Callable[[Service], Asker]:
    """Return what makes an Asker of one service."""

    def make(service: Service) -> Asker:
        def connect(server: str, namespace: str, user: str, password: str, locale: str) -> Service:
            assert (server, user, password, locale) == (".", "", "", "MS_409")
            if namespace == r"root\none":
                raise COMError(0x8004100E)
            return service

        comtypes, client = ModuleType("comtypes"), ModuleType("comtypes.client")
        comtypes.COMError = COMError  # type: ignore[attr-defined] # made up
        client.CreateObject = lambda *_, **__: SimpleNamespace(ConnectServer=connect)  # type: ignore[attr-defined] # made up
        monkeypatch.setitem(sys.modules, "comtypes", comtypes)
        monkeypatch.setitem(sys.modules, "comtypes.client", client)
        monkeypatch.setattr(sys, "coinit_flags", 2, raising=False)
        return Asker()

    return make


def failing(code: int) -> Callable[[str], list[Instance]]:
    """Return an answer that is an error."""

    def answer(_: str) -> list[Instance]:
        raise COMError(code)

    return answer


def test_only_what_is_asked_is_queried(asker: Callable[[Service], Asker]) -> None:
    """Fields are named, a condition follows, and the same question is asked once in a collection."""
    service = Service(lambda _: [Instance(Name="x", Ports=(("a", "b"), 0x2008))])
    ask = asker(service)
    for _ in range(2):
        assert ask.ask(CIMV2, "Win32_X", ("Name", "Ports"), "Name = 'x'") == [{"Name": "x", "Ports": ["a", "b"]}]
    assert service.queries == ["SELECT Name,Ports FROM Win32_X WHERE Name = 'x'"]


def test_numbers_lose_no_bit(asker: Callable[[Service], Asker]) -> None:
    """COM hands over uint32 as signed: 4 GiB of memory must not be minus one MiB."""
    service = Service(lambda _: [Instance(A=(-1048576, 19), B=(-5, 3), C=(True, 11), D=None)])
    assert asker(service).ask(CIMV2, "X", ("A", "B", "C", "D"), None) == [
        {"A": 4293918720, "B": -5, "C": True, "D": None}
    ]


def test_an_older_windows_lacks_a_property(asker: Callable[[Service], Asker]) -> None:
    """It calls the query wrong; what it has is asked again, and what it lacks is unknown."""

    def answer(query: str) -> list[Instance]:
        if "SMBIOSMemoryType" in query:
            raise COMError(0x80041017)
        return [Instance(Capacity="1")]

    service = Service(answer, ("Capacity", "Speed"))
    assert asker(service).ask(CIMV2, "X", ("Capacity", "SMBIOSMemoryType"), None) == [
        {"Capacity": "1", "SMBIOSMemoryType": None}
    ]
    assert service.queries[-1] == "SELECT Capacity FROM X"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (0x80041010, NoSuchClass),
        (0x80041003, PermissionError),
        (0x80070005, PermissionError),
        (0x800706BA, OSError),
    ],
)
def test_errors_are_told_apart(asker: Callable[[Service], Asker], code: int, error: type[Exception]) -> None:
    """No such class is not denied, and denied is not broken."""
    with pytest.raises(error):
        asker(Service(failing(code))).ask(CIMV2, "X", ("A",), None)


def test_no_such_namespace(asker: Callable[[Service], Asker]) -> None:
    """A Windows without a feature has no namespace of it."""
    with pytest.raises(NoSuchClass):
        asker(Service(failing(0))).ask(r"root\none", "X", ("A",), None)


def test_hardware_that_is_not_there_has_no_instances(asker: Callable[[Service], Asker]) -> None:
    r"""Classes of root\wmi say 'not supported' where nothing supports them: none, which is an answer."""
    assert asker(Service(failing(0x8004100C))).ask(r"root\wmi", "BatteryStaticData", ("A",), None) == []


def test_without_comtypes_wmi_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is absent, or that a strict policy refuses, is the failure of the tables that need it."""
    monkeypatch.setitem(sys.modules, "comtypes", None)
    monkeypatch.setattr(sys, "coinit_flags", 2, raising=False)
    with pytest.raises(Failed, match="comtypes is not installed"):
        Asker()


def test_comtypes_makes_no_folder_for_code(asker: Callable[[Service], Asker], monkeypatch: pytest.MonkeyPatch) -> None:
    """Left alone it makes comtypes/gen among the installed files, or a cache in a profile, at its first import."""
    monkeypatch.setenv("TEMP", "C:\\Windows\\Temp")
    sys.modules.pop("comtypes.gen", None)
    asker(Service(failing(0)))
    assert sys.modules.pop("comtypes.gen").__path__ == ["C:\\Windows\\Temp"]
