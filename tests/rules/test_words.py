"""What users read is said in their language, wherever it was put together."""

import pytest

from rules.words import sentence, translator


def test_a_sentence_is_said_with_what_it_names() -> None:
    """A template is translated first and filled in afterwards."""
    said = translator("vi")(sentence("the hub has not taken a report since {at}", at="12:00"))

    assert said == "máy chủ chưa nhận báo cáo nào từ 12:00"


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("the recording has no probes", "bản ghi không có probes"),
        (
            "/etc/shadow can be read by root only: run the agent as root",
            "chỉ root mới đọc được /etc/shadow: hãy chạy phần mềm giám sát với quyền root",
        ),
        ("killed after 60 s without an end", "chưa xong sau 60 giây nên bị dừng"),
    ],
)
def test_a_text_that_a_pc_filled_in_is_said_too(english: str, vietnamese: str) -> None:
    """A PC reports plain English: its template is found again, and what it names stays."""
    assert translator("vi")(english) == vietnamese
    assert translator("en")(english) == english


@pytest.mark.parametrize("text", ["", "TT-PM1-07", "WMI: generic failure (0x80041001)", "a: b", "{name}", "\\"])
def test_what_no_catalogue_has_stays_as_it_is(text: str) -> None:
    """A name or a message of another program is never taken for a template of ours."""
    assert translator("vi")(text) == text
