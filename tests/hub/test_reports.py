"""What comes from a network is hostile: it is decoded whole, or refused whole and in a sentence."""

import contextlib
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import Outcome
from hub.reports import BODY_LIMIT_BYTES, DOCUMENT_LIMIT_BYTES, Report, ReportRefused, decode
from tests.hub.reports import DEVICE, FIREWALL, body, report

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def only(decoded: Report) -> Any:
    """Return the one section of a report."""
    (section,) = decoded.sections
    return section


def refusal(sent: bytes, encoding: str | None = None) -> ReportRefused:
    """Return how what was sent is refused."""
    with pytest.raises(ReportRefused) as refused:
        decode(sent, encoding)
    return refused.value


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [(bytes, None), (gzip.compress, "gzip"), (zstandard.ZstdCompressor().compress, "zstd")],
    ids=["plain", "gzip", "zstd"],
)
def test_a_report_is_read_however_it_is_packed(pack: Any, encoding: str | None) -> None:
    """Gzip and zstd unpack to the same report as plain JSON."""
    decoded = decode(pack(body(report(AT))), encoding)

    assert (Outcome.ROWS, "TT-PM1-01") == (only(decoded).outcome, only(decoded).rows[0]["hostname"])


@pytest.mark.parametrize(
    ("sent", "encoding", "status"),
    [
        (b"", None, 400),
        (b"{", None, 400),
        (b"[]", None, 400),
        (b'{"format": 1}', None, 400),
        (b'{"format": 1, "format": "1"}', None, 400),
        (b"[" * 100_000, None, 400),
        (b"\xff\xfe", None, 400),
        (body(report(AT))[:-20], None, 400),
        (b"not gzip", "gzip", 400),
        (gzip.compress(body(report(AT)))[:-10], "gzip", 400),
        (b"not zstd", "zstd", 400),
        (b"{}", "br", 400),
        (b" " * (BODY_LIMIT_BYTES + 1), None, 413),
        (gzip.compress(b" " * (DOCUMENT_LIMIT_BYTES + 1)), "gzip", 413),
        (zstandard.ZstdCompressor().compress(b" " * (DOCUMENT_LIMIT_BYTES + 1)), "zstd", 413),
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(sent: bytes, encoding: str | None, status: int) -> None:
    """Garbage is 400; what is too large, packed or unpacked, is 413."""
    refused = refusal(sent, encoding)

    assert status == refused.status
    assert "\n" not in str(refused)


def test_a_newer_format_is_refused_and_says_what_to_do() -> None:
    """A hub never guesses at a format that it does not know."""
    refused = refusal(body({**report(AT), "format": 2}))

    assert status_and_advice(refused) == (400, True)


def status_and_advice(refused: ReportRefused) -> tuple[int, bool]:
    """Return the status, and whether the sentence says what to update."""
    return refused.status, "update the hub" in str(refused)


def test_a_field_that_the_hub_does_not_know_is_counted_and_left_out() -> None:
    """A newer agent's field neither breaks the report nor gets in."""
    document = report(AT, tables={"device": [{**DEVICE, "colour": "grey"}]})

    decoded = decode(body(document))

    assert {"unknown_field": 1} == decoded.counted
    assert "colour" not in only(decoded).rows[0]


def test_an_unknown_word_becomes_null_and_is_counted() -> None:
    """A state that the hub does not know can never read as one that it knows."""
    rows = [
        {"name": "Test Shield", "protection": "dreaming", "up_to_date": None, "signatures_at": None, "version": None}
    ]

    decoded = decode(body(report(AT, tables={"antivirus": rows})))

    assert decoded.counted["unknown_word"] == 1
    assert only(decoded).rows[0]["protection"] is None


@pytest.mark.parametrize(
    "row",
    [{}, {**FIREWALL, "profile": None}, {**FIREWALL, "enabled": "yes"}, {**FIREWALL, "profile": "x" * 5000}],
    ids=["nothing", "key is null", "wrong type", "too long"],
)
def test_rows_that_do_not_fit_fail_their_section_only(row: dict[str, Any]) -> None:
    """A required field that is absent, or a value of another type, makes that section failed, and no other."""
    decoded = decode(body(report(AT, tables={"firewall": [row], "device": [DEVICE]})))

    outcomes = {section.table: section.outcome for section in decoded.sections}
    assert {"firewall": Outcome.FAILED, "device": Outcome.ROWS} == outcomes


def test_a_table_that_the_hub_does_not_know_is_counted() -> None:
    """What a newer agent collects is no error of the older hub."""
    document = report(AT)
    document["tables"]["aquarium"] = {"collected_at": document["sent_at"], "rows": [{"fish": 3}]}

    decoded = decode(body(document))

    assert {"unknown_table": 1} == decoded.counted
    assert "device" == only(decoded).table


def test_vietnamese_letters_are_composed_and_nul_is_dropped() -> None:
    """Two ways to write ế are one, or a search would find half of the school."""
    decoded = decode(body(report(AT, tables={"device": [{**DEVICE, "hostname": "Ma\u0301y\u0000 1"}]})))

    assert "M\u00e1y 1" == only(decoded).rows[0]["hostname"]


@given(st.binary(max_size=300), st.sampled_from([None, "gzip", "zstd", "deflate", "\u00e9"]))
def test_any_bytes_are_refused_and_never_crash(sent: bytes, encoding: str | None) -> None:
    """Whatever is sent ends as a refusal."""
    assert refusal(sent, encoding).status in {400, 413}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*report(AT)]), _JSON)
def test_any_value_in_any_place_is_taken_or_refused(name: str, value: Any) -> None:
    """Replacing any part of a report by any JSON gives a report or a refusal, nothing else."""
    document = {**report(AT), name: value}
    with contextlib.suppress(ReportRefused):
        assert decode(json.dumps(document).encode()).sequence >= 0
