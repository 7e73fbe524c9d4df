r"""WMI of this very machine, through COM's scripting objects (SWbemLocator), bound late: nothing is generated.

COM belongs to the thread that opened it: an ``Asker`` is made, used and left in the child's main thread. A provider
that hangs is ended with the child, at the running collector's deadline.
"""

import errno
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from collectors.facts import Failed
from collectors.sources.wmi import NoSuchClass

_LOCALE = "MS_409"  # English, so that texts which are translated come as Microsoft documents them
_FORWARD_ONLY_AND_AT_ONCE = 0x30  # wbemFlagForwardOnly | wbemFlagReturnImmediately
_PACKET_PRIVACY = 6  # BitLocker's namespace refuses less

_NO_NAMESPACE, _NO_CLASS, _NOT_FOUND = 0x8004100E, 0x80041010, 0x80041002
_INVALID_QUERY, _NOT_SUPPORTED = 0x80041017, 0x8004100C
_EXCEPTION = 0x80020009  # DISP_E_EXCEPTION: the error stands in the details; Wine's WMI gives none
_DENIED = {0x80041003, 0x80070005}
_UINT32, _UINT64 = 19, 21  # CIM types that COM hands over as signed numbers


def _comtypes() -> tuple[Any, Any]:
    """Return comtypes and its client, without the folder for generated code that it would make for itself.

    Nothing is generated here, and the folder would lie among installed files whose sums are known, or in a profile.
    """
    try:
        comtypes = importlib.import_module("comtypes")
        if "comtypes.gen" not in sys.modules:
            generated = ModuleType("comtypes.gen")
            generated.__path__ = [os.environ.get("TEMP", ".")]
            sys.modules["comtypes.gen"] = generated
            vars(comtypes)["gen"] = generated
        return comtypes, importlib.import_module("comtypes.client")
    except ImportError as why:
        raise Failed(
            "comtypes is not installed or may not be loaded here, so WMI can't be asked: install baove anew"
        ) from why


class Asker:
    """Asks WMI. Raises OSError where COM can't be opened, and Failed where comtypes is not here."""

    def __init__(self) -> None:
        sys.coinit_flags = 0  # type: ignore[attr-defined] # read by comtypes: no window, so no message loop is needed
        comtypes, client = _comtypes()
        self._error: type[Exception] = comtypes.COMError
        try:
            self._locator = client.CreateObject("WbemScripting.SWbemLocator", dynamic=True)
        except (OSError, self._error) as why:
            raise OSError(errno.EIO, "COM has no WMI here", "root") from why
        self._services: dict[str, Any] = {}
        self._answers: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def ask(
        self, namespace: str, class_name: str, properties: Sequence[str], where: str | None
    ) -> list[dict[str, Any]]:
        """Return a class's instances, as ``Windows.wmi`` says. The same question in one collection is asked once."""
        place = f"{namespace}:{class_name}"
        query = f"SELECT {','.join(properties)} FROM {class_name}" + (f" WHERE {where}" if where else "")
        key = (namespace.lower(), query)
        if key not in self._answers:
            try:
                self._answers[key] = self._instances(namespace, class_name, query, properties, where)
            except self._error as why:
                raise _translated(why, place) from why
        return [dict(row) for row in self._answers[key]]

    def _instances(
        self, namespace: str, class_name: str, query: str, properties: Sequence[str], where: str | None
    ) -> list[dict[str, Any]]:
        service = self._service(namespace)
        try:
            return list(self._rows(service, query, properties))
        except self._error as why:
            if _code(why) == _NOT_SUPPORTED:  # a class of root\wmi for hardware that is not there
                return []
            if _code(why) not in {_INVALID_QUERY, _EXCEPTION}:
                raise
        # An older Windows lacks one of the properties, and says only that the query is wrong.
        there = self._known(service, class_name, properties)
        query = f"SELECT {','.join(there) or '*'} FROM {class_name}" + (f" WHERE {where}" if where else "")
        return [dict.fromkeys(properties) | row for row in self._rows(service, query, there or properties)]

    def _known(self, service: Any, class_name: str, properties: Sequence[str]) -> list[str]:
        """Return which of the properties a class has; none where it does not say (Wine's WMI)."""
        try:
            known = {one.Name.lower() for one in service.Get(class_name).Properties_}
        except self._error as why:
            if _code(why) != _EXCEPTION:
                raise
            return []
        return [name for name in properties if name.lower() in known]

    def _service(self, namespace: str) -> Any:
        name = namespace.lower()
        if name not in self._services:
            service = self._locator.ConnectServer(".", namespace, "", "", _LOCALE)
            service.Security_.AuthenticationLevel = _PACKET_PRIVACY
            self._services[name] = service
        return self._services[name]

    def _rows(self, service: Any, query: str, properties: Sequence[str]) -> Iterator[dict[str, Any]]:
        for instance in service.ExecQuery(query, "WQL", _FORWARD_ONLY_AND_AT_ONCE):
            said = instance.Properties_
            yield {name: self._value(said, name) for name in properties}

    def _value(self, said: Any, name: str) -> Any:
        try:
            one = said.Item(name)
            value = one.Value
            if isinstance(value, int) and not isinstance(value, bool) and value < 0:
                bits = {_UINT32: 32, _UINT64: 64}.get(one.CIMType)
                return value + (1 << bits) if bits else value
        except self._error as why:
            if _code(why) in {_NOT_FOUND, _EXCEPTION}:
                return None
            raise
        return list(value) if isinstance(value, tuple) else value


def _code(error: Exception) -> int:
    """Return a COM error's number as Microsoft writes it."""
    code = int(getattr(error, "hresult", 0)) & 0xFFFFFFFF
    details = getattr(error, "details", None)
    if code == _EXCEPTION and isinstance(details, tuple) and details and isinstance(details[-1], int):
        return details[-1] & 0xFFFFFFFF
    return code


def _translated(error: Exception, place: str) -> Exception:
    code = _code(error)
    if code in {_NO_CLASS, _NO_NAMESPACE, _NOT_FOUND}:
        return NoSuchClass(place)
    if code in _DENIED:
        return PermissionError(errno.EACCES, "access denied", place)
    return OSError(errno.EIO, f"WMI error 0x{code:08X}", place)


def update_results() -> tuple[Any, Any]:
    """Return when Windows Update last succeeded in searching and in installing: naive times in UTC, or None.

    Raises OSError where Windows Update can't be asked, and Failed where comtypes is not here.
    """
    comtypes, client = _comtypes()
    try:
        results = client.CreateObject("Microsoft.Update.AutoUpdate", dynamic=True).Results
        searched, installed = results.LastSearchSuccessDate, results.LastInstallationSuccessDate
    except (OSError, AttributeError, comtypes.COMError) as why:
        raise OSError(errno.EIO, "Windows Update does not answer", "root\\Windows Update") from why
    return searched, installed
