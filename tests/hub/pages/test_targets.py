"""The first page and the evidence."""

import csv
import io
import re

import pytest

from hub.pages.chart import chart
from hub.pages.evidence import harmless
from tests.hub.pages.conftest import Browser


def card(page: str, target: str) -> str:
    """Return the part of the first page that is of one target, without its tags."""
    html = page.partition(f'id="target-{target}"')[2].partition("</li>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_target_says_all_that_the_plan_asks(browser: Browser) -> None:
    """Verdict in words, value, what is asked, who is counted, what to do, the clause and the plan's own sentence."""
    text = card(browser.get("/").text, "host-firewall")

    assert "✗ Không đạt" in text
    assert "50 %" in text
    assert "yêu cầu: 100 %" in text
    assert "Tính trên 6 máy tính." in text
    assert "Việc cần làm:" in text
    assert "Kế hoạch, mục V.4:" in text
    assert "thường xuyên rà soát, khắc phục các nguy cơ mất an toàn" in text
    assert "Từ 02/03/2026 08:00 đến nay." in text


def test_a_figure_has_its_unit_and_level(browser: Browser) -> None:
    """Four pupils and two working computers, with a third that nobody knows: 2 or better, so level 2 is reached."""
    text = card(browser.get("/?lang=en").text, "students-per-computer")

    assert "pupils a computer" in text
    assert "asked: ≤ 2" in text


def test_what_needs_a_hand_is_counted_on_the_first_page(browser: Browser) -> None:
    """Each list stands there with its count and its first names."""
    page = browser.get("/").text
    counts = dict(re.findall(r'<h3><a href="(/[a-z-]+)">[^<]+</a> <span class="count">(\d+)</span>', page))

    assert counts == {
        "/unassigned": "2", "/conflicts": "1", "/silent": "1", "/never-heard": "2", "/failing": "1",
        "/retired-reporting": "1",
    }  # fmt: skip


def test_evidence_shows_who_falls_short_first(browser: Browser) -> None:
    """The one PC that fails stands above those that nobody knows, and those above what is met, each with its reason."""
    page = browser.get("/targets/host-firewall?lang=en").text
    verdicts = re.findall(r'<tr><td><span class="badge (\w+)">', page)

    assert verdicts == ["fail", "unknown", "unknown", "pass", "pass", "pass"]
    assert "The firewall is off" in page
    assert "A computer belongs to this room, but has never reported" in page


def test_evidence_can_be_narrowed_to_a_verdict(browser: Browser) -> None:
    """A click shows only those that fall short."""
    page = browser.get("/targets/host-firewall?verdict=fail").text

    assert re.findall(r'<tr><td><span class="badge (\w+)">', page) == ["fail"]


def test_evidence_opens_in_excel(browser: Browser) -> None:
    """The file starts with a byte order mark, has Vietnamese headings, and a line for each row of the evidence."""
    answer = browser.get("/targets/host-firewall/evidence.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == 'attachment; filename="host-firewall-2026-03-02.csv"'
    assert rows[0][:4] == ["Đánh giá", "Máy tính", "Mã tài sản", "Phòng"]
    assert [row[0] for row in rows[1:]] == ["Không đạt", "Chưa biết", "Chưa biết", "Đạt", "Đạt", "Đạt"]
    assert "MÁY-CÔ-ĐÀO" in [row[1] for row in rows]


def test_evidence_of_a_target_s_own_sql_is_a_file_too(browser: Browser) -> None:
    """Its columns are those that the target declares; a formula in a record is text in the file."""
    text = browser.get("/targets/digital-records/evidence.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))

    assert rows[0][:3] == ["Đánh giá", "Mã tài sản", "Tên máy"]
    assert "'=HYPERLINK(1)" in [row[1] for row in rows]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """What a spreadsheet would run gets an apostrophe before it."""
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["TT-PM1-01", "98,5 %", "02/03/2026", ""])
def test_other_cells_stay_as_they_are(text: str) -> None:
    """What is no formula is not changed."""
    assert harmless(text) == text


def test_a_chart_has_a_gap_where_a_day_is_not_known() -> None:
    """Two days, a day that is not known, two days: two lines, and what is asked dashed above them."""
    rows = [{"day": f"2026-03-0{day}", "value": value} for day, value in enumerate((0.5, 0.6, None, 0.7, 0.8), 1)]
    drawn = chart(rows, 1.0)

    assert drawn is not None
    assert len(drawn.lines) == 2
    assert drawn.threshold_y < drawn.last[1]
    assert (drawn.lowest, drawn.highest) == (0.5, 0.8)


def test_no_chart_is_drawn_of_one_day() -> None:
    """One point is no line, and none is no chart."""
    assert chart([{"day": "2026-03-01", "value": 1.0}], 1.0) is None
    assert chart([], 1.0) is None


def test_the_chart_says_in_words_what_it_shows(browser: Browser) -> None:
    """Who can't see the line hears its range."""
    assert 'aria-label="Từ 24/02/2026 đến 02/03/2026: thấp nhất 50 %, cao nhất 80 %"' in browser.get("/").text
