"""Text of Windows dumps comes right whatever it is written in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.decoding import decoded, lines


def cp1258(text: str) -> bytes:
    """Return a text in code page 1258, where the tones are marks behind their vowels."""
    made = bytearray()
    for letter in text:
        try:
            made += letter.encode("cp1258")
        except UnicodeEncodeError:
            marks = unicodedata.normalize("NFD", letter)
            tones = "".join(one for one in marks[1:] if one not in "\u0302\u0306\u031b")
            base = unicodedata.normalize("NFC", "".join(one for one in marks if one not in tones))
            made += (base + tones).encode("cp1258")
    return bytes(made)


SCHOOL = "Máy in phòng giáo viên của tổ Toán, Trường Tiểu học Nguyễn Bỉnh Khiêm"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SCHOOL.encode("utf-16"), id="utf-16"),
        pytest.param(SCHOOL.encode("utf-16-le"), id="utf-16-without-mark"),
        pytest.param(b"\xfe\xff" + SCHOOL.encode("utf-16-be"), id="utf-16-be"),
        pytest.param(b"\xff\xfe\xff\xfe" + SCHOOL.encode("utf-16-le"), id="mark-twice"),
        pytest.param(SCHOOL.encode("utf-16") + b"x", id="odd-byte-at-the-end"),
        pytest.param(SCHOOL.encode("utf-8"), id="utf-8"),
        pytest.param(SCHOOL.encode("utf-8-sig"), id="utf-8-with-mark"),
        pytest.param(SCHOOL.encode("utf-8") + "ề".encode()[:2], id="cut-within-a-letter"),
        pytest.param(cp1258(SCHOOL), id="1258"),
    ],
)
def test_vietnamese_comes_right(data: bytes) -> None:
    """Names are the same text, once their marks are composed as every report composes them."""
    assert unicodedata.normalize("NFC", decoded(data)) == SCHOOL


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Périphérique d\u2019entrée USB", "cp1252"),
        ("Gerät für Schüler: Größe", "cp1252"),
        ("Impressão em rede, configurações", "cp1252"),
        ("Compañía de impresión", "cp1252"),
        ("Invité", "cp437"),
        ("Périphérique à côté", "cp437"),
        ("Gerät für Schüler", "cp437"),
        ("Ghi chú", "cp1258"),
        ("đĩa", "cp1258"),
    ],
)
def test_the_code_page_is_found_by_what_makes_sense(text: str, page: str) -> None:
    """Nothing in a file says its code page: a letter that stands where only letters stand does."""
    data = cp1258(text) if page == "cp1258" else text.encode(page)

    assert unicodedata.normalize("NFC", decoded(data)) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_some_text(data: bytes) -> None:
    """No byte string breaks the reader, and no mark is left in it."""
    assert "\ufeff" not in decoded(data)


@given(st.text(st.characters(exclude_characters="\ufeff", exclude_categories=["Cs"])))
def test_utf_8_is_always_itself(text: str) -> None:
    """What is UTF-8 is never taken for a code page, save a text whose second byte is 0, which is UTF-16."""
    data = text.encode()
    assert decoded(data) == text or data[1:2] == b"\0"


def test_lines_end_as_wmic_ends_them() -> None:
    """Redirected by '>', wmic ends each line with two carriage returns: that is one line, not two."""
    assert lines("A=1\r\r\nB=2\r\n\r\nC=3\nD=4") == ["A=1", "B=2", "", "C=3", "D=4"]
