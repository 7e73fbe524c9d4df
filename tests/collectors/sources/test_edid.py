"""Monitors are told apart by what they say of themselves, and no bytes can break the reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.edid import HEADER, Edid, parse, vendor_name
from tests.shared import SHARED, needs_shared

SERIAL, TEXT, NAME = 0xFF, 0xFE, 0xFC


def edid(
    pnp_id: str = "TST", number: int = 0, texts: tuple[tuple[int, str], ...] = (), *, week: int = 7, native: bool = True
) -> bytes:
    """Return an EDID of 1920 by 1080 points on 53 by 30 cm, made in 2021."""
    letters = sum((ord(one) - 64) << shift for one, shift in zip(pnp_id, (10, 5, 0), strict=True))
    head = HEADER + letters.to_bytes(2, "big") + b"\x01\x02" + number.to_bytes(4, "little")
    head += bytes([week, 2021 - 1990, 1, 4, 0x80, 53, 30, 120, 0x02 if native else 0])
    timing = bytes.fromhex("023a801871382d40582c450009252100001e")
    blocks = [bytes([0, 0, 0, kind, 0]) + (text.encode() + b"\n").ljust(13)[:13] for kind, text in texts]
    body = (head.ljust(54, b"\x01") + timing + b"".join(blocks)).ljust(127, b"\0")
    return body + bytes([-sum(body) % 256])


def read(data: bytes) -> Edid:
    """Return what an EDID says; it must say something."""
    found = parse(data)
    assert found is not None
    return found


def recordings() -> list[dict[str, Any]]:
    """Return the recorded EDIDs, with what was found in them by an independent reader."""
    described = SHARED / "windows" / "expected.json"
    if not described.exists():
        return []
    every: list[dict[str, Any]] = json.loads(described.read_text("utf-8"))["recordings"]
    return [one for one in every if one["topic"] == "edid"]


@needs_shared
@pytest.mark.parametrize("recording", [pytest.param(one, id=one["id"]) for one in recordings()])
def test_real_monitors_are_read_right(recording: dict[str, Any]) -> None:
    """Maker, model, serial, year, week and size are those of the recording; serials that are none are null."""
    wanted = recording["expected"]
    name = recording["id"].removeprefix("edid/")
    found = read((SHARED / "windows" / "raw" / "generic" / "edid" / name).read_bytes())

    serial = wanted["serial"] if wanted["serial_credible"] else None
    vendor = wanted["manufacturer_name"]
    if recording["upstream"] is None:  # nobody has said what its label holds: what it says itself then counts
        serial, vendor = wanted["serial_text"], found.vendor
    assert (
        wanted["pnp_id"],
        vendor,
        (wanted["name"] or "").strip() or None,
        serial,
        wanted["year"],
        wanted["week"],
        wanted["width_cm"],
        wanted["height_cm"],
        wanted["digital"],
        wanted["checksum_ok"],
    ) == (
        found.pnp_id,
        found.vendor,
        found.model,
        found.serial,
        found.year,
        found.week,
        found.width_cm,
        found.height_cm,
        found.digital,
        found.checksum_ok,
    )


def test_the_text_is_the_serial_where_there_is_one() -> None:
    """Most makers write the label's serial as text; the number is then something else."""
    assert read(edid("DEL", 123456, ((SERIAL, "TEST0001"), (NAME, "P2419H")))).serial == "TEST0001"


def test_a_number_alone_is_shown_in_hexadecimal() -> None:
    """Without a text the number is the serial, as eight hexadecimal digits unless the maker is known to do else."""
    assert read(edid("TST", 0x0001F7BE)).serial == "0001f7be"


@pytest.mark.parametrize(
    ("pnp_id", "number", "text", "serial"),
    [
        pytest.param("ACR", 0x320C384, "TESTC1184049", "TESTC1180320c3844049", id="acer-three-parts"),
        pytest.param("ACR", 0x01010101, "TESTC1184049", "TESTC1184049", id="acer-number-is-no-number"),
        pytest.param("ACR", 0x320C384, "TEST508043", "TEST508043", id="acer-short-text"),
        pytest.param("BNQ", 21573, "TEST8410019", "ETTEST8410019", id="benq-prefix"),
        pytest.param("SAM", 0x5A5A4841, "TESTA00739", "ZZHATESTA00739", id="samsung-new-label"),
        pytest.param("SAM", 0x47483139, "TEST600639", "TEST600639", id="samsung-model-code"),
        pytest.param("SAM", 809585995, "", "809585995", id="samsung-number"),
        pytest.param("ENC", 68056070, "", "68056070", id="eizo-number"),
        pytest.param("PHL", 6456, "", "006456", id="philips-number"),
        pytest.param("GSM", 338670, "", "9Y670", id="lg-base-34"),
    ],
)
def test_makers_hide_the_serial_in_their_own_ways(pnp_id: str, number: int, text: str, serial: str) -> None:
    """The serial shown is the one on the label, which some makers split between number and text."""
    texts = ((SERIAL, text),) if text else ()

    assert serial == read(edid(pnp_id, number, texts)).serial


@pytest.mark.parametrize("number", [0, 1, 255, 0x01010101, 0xFFFFFFFF, 0x11111111, 0x22222222, 1111111111])
def test_numbers_that_nobody_counted_are_no_serials(number: int) -> None:
    """Zero, small numbers, constants and repeated digits say nothing, so the serial is null."""
    assert read(edid("TST", number)).serial is None


@pytest.mark.parametrize("text", ["0", "0000000000000", "N/A", "serial number", "-------"])
def test_texts_that_are_no_serials(text: str) -> None:
    """A placeholder in the serial's place is no serial."""
    assert read(edid("DEL", 0, ((SERIAL, text),))).serial is None


def test_a_panel_without_a_name_is_called_by_its_texts() -> None:
    """Built-in panels have no name block: maker and part stand in text blocks."""
    assert read(edid("AUO", 0, ((TEXT, "AUO"), (TEXT, "B140HAN04.0")))).model == "AUO B140HAN04.0"


def test_week_255_means_that_the_year_is_the_models() -> None:
    """Week 255 is no week; the year stays."""
    found = read(edid(week=255))

    assert (found.week, found.year) == (None, 2021)


def test_a_wrong_checksum_is_told_and_the_rest_is_kept() -> None:
    """Some monitors are sold with a wrong checksum: what they say still counts."""
    data = edid("DEL", 0, ((NAME, "P2419H"),))
    found = read(data[:-1] + bytes([data[-1] ^ 1]))

    assert (found.checksum_ok, found.model) == (False, "P2419H")


def test_a_maker_that_the_registry_lacks_keeps_its_letters() -> None:
    """Unknown letters are shown as they are, known ones as the maker's name."""
    assert (vendor_name("QQX"), vendor_name("DEL")) == ("QQX", "Dell Inc.")


@given(st.binary(max_size=300))
def test_what_is_no_edid_is_none(data: bytes) -> None:
    """Bytes that do not begin as an EDID does, or are too few, are none."""
    expected_none = len(data) < 128 or data[:8] != HEADER

    assert (parse(data) is None) or not expected_none


@given(st.binary(min_size=120, max_size=120))
def test_no_bytes_behind_the_header_break_the_reader(rest: bytes) -> None:
    """Whatever follows the header, texts are printable or null, and years lie in the standard's range."""
    found = parse(HEADER + rest)
    if found is None:
        return

    assert all(text is None or (text and text.isprintable()) for text in (found.model, found.serial, found.vendor))
    assert found.year is None or 1990 < found.year <= 2245
