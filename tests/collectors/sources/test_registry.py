"""Registry exports give keys and values, or one sentence of what is wrong."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.registry import Export, RegistryKey, Value, folded

EXPORT = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Test]
"Text"="a \"quoted\" C:\\path"
@="default"
"Number"=dword:000000ff
"Long"=hex(b):00,00,00,00,01,00,00,00
"Bytes"=hex:01,02,\
  03,04
"Path"=hex(2):25,00,61,00,25,00,00,00
"Many"=hex(7):61,00,00,00,62,00,00,00,00,00
"Empty"=""
; a remark
"Lines"="first
second"

[HKEY_LOCAL_MACHINE\SOFTWARE\Test\Tên {GUID} 1.0]
"A"="b"

[HKEY_LOCAL_MACHINE\SOFTWARE\Test\Deep\Deeper]
"A"="c"
"""


@pytest.fixture
def export() -> Export:
    """Return the export above, with the line ends of Windows."""
    return Export(EXPORT.replace("\n", "\r\n"))


def key(export: Export, path: str) -> RegistryKey:
    """Return a key that is there."""
    found = export.key(folded(path))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Text", 'a "quoted" C:\\path'),
        ("", "default"),
        ("Number", 255),
        ("LONG", 1 << 32),
        ("bytes", b"\x01\x02\x03\x04"),
        ("Path", "%a%"),
        ("Many", ("a", "b")),
        ("Empty", ""),
        ("Lines", "first\nsecond"),
        ("Nothing", None),
    ],
)
def test_each_kind_of_value(export: Export, name: str, expected: Value) -> None:
    """Names are compared without case; lines go on behind a backslash, texts within their quotes."""
    assert key(export, r"HKLM\Software\TEST").get(name) == expected


def test_keys_know_what_is_below(export: Export) -> None:
    """Also a key that the export does not name, since one below it is there."""
    assert key(export, r"HKLM\SOFTWARE\Test").subkeys == ("Tên {GUID} 1.0", "Deep")
    assert key(export, r"HKLM\SOFTWARE\Test\Deep").subkeys == ("Deeper",)
    assert export.key(folded(r"HKLM\SOFTWARE\Test\Other")) is None


def test_the_root_tells_what_an_export_covers(export: Export) -> None:
    """Below it, what is not there is absent; elsewhere nobody knows."""
    assert export.covers(folded(r"HKEY_LOCAL_MACHINE\SOFTWARE\Test\Other"))
    assert not export.covers(folded(r"HKLM\SOFTWARE\Testing"))
    assert export.names_towards(folded("HKLM")) == ["SOFTWARE"]


def test_the_control_set_in_use_goes_by_one_name() -> None:
    """An export of ControlSet001 answers for CurrentControlSet."""
    assert folded(r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\X") == folded(
        r"HKLM\SYSTEM\CurrentControlSet\Services\X"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no registry export"),
        ("regf\0\0\0", "is no registry export"),
        ("Windows Registry Editor Version 5.00\r\n", "is a registry export without a key"),
        ('Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\X]\r\n"a"="b', "ends within a line"),
    ],
)
def test_what_is_no_export_is_refused(text: str, reason: str) -> None:
    """A hive, an empty file and a cut one are no exports."""
    with pytest.raises(ValueError, match=f"^{reason}"):
        Export(text)


@pytest.mark.parametrize("value", ["hex:0g", "dword:", "what", '"open'])
def test_a_damaged_value_makes_its_key_unreadable(value: str) -> None:
    """Its neighbours stay as they are: only the key that holds it raises."""
    text = f'Windows Registry Editor Version 5.00\n\n[HKEY_USERS\\A]\n"x"={value}\n\n[HKEY_USERS\\B]\n"x"="y"\n'
    export = Export(text)
    with pytest.raises(ValueError, match=r"."):
        export.key(folded(r"HKU\A"))
    assert key(export, r"HKU\B").text("x") == "y"


@given(st.lists(st.sampled_from([*EXPORT, '"a"="b"\n', "hex:", "[HKEY_USERS\\A]\n", "\\\n"]), max_size=60))
def test_any_text_gives_keys_or_a_sentence(parts: list[str]) -> None:
    """Nothing but ValueError is raised, whatever stands behind the head."""
    try:
        export = Export(f"Windows Registry Editor Version 5.00\n\n[HKEY_USERS\\A]\n{''.join(parts)}\n")
        found = export.key(folded(r"HKU\A"))
    except ValueError:
        return
    assert found is not None


def test_values_are_read_as_what_is_asked() -> None:
    """Numbers come as numbers, bytes or digits; what is no such thing is unknown."""
    found = RegistryKey(
        {"d": 5, "q": b"\x01\x00\x00\x00", "s": " 7 ", "t": "a\0", "m": ("a", " "), "b": b""},
        (),
        datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert [found.number(name) for name in "dqstb"] == [5, 1, 7, None, None]
    assert [found.text(name) for name in "dst"] == [None, "7", "a"]
    assert found.texts("m") == ("a",)
    assert found.data("q") == b"\x01\x00\x00\x00"
    assert found.data("b") is None
