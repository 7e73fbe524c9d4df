"""The list of devices, and one device."""

import re

import pytest

from tests.hub.pages.conftest import Browser, School


def names(page: str) -> list[str]:
    """Return the names of the devices in a page's list, in its order."""
    return re.findall(r'<tr><th scope="row"><a href="/devices/[^"]+">([^<]+)</a>', page)


HOSTILE = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [HOSTILE, "MÁY-CÔ-ĐÀO", "TT-PM1-01", "TT-PM1-04"]),
        ("?q=may+co+dao", ["MÁY-CÔ-ĐÀO"]),
        ("?q=Đào", ["MÁY-CÔ-ĐÀO"]),
        ("?q=may+tinh+xach+tay", ["MÁY-CÔ-ĐÀO"]),
        ("?q=phong+may+tinh", ["TT-PM1-01", "TT-PM1-04"]),
        ("?q=mt-01", ["TT-PM1-01"]),
        ("?q=testa0003", [HOSTILE]),
        ("?q=alert", [HOSTILE]),
        ("?q=khong+co+gi+nhu+the", []),
        ("?kind=laptop", ["MÁY-CÔ-ĐÀO"]),
        ("?room=TT-PM1", ["TT-PM1-01", "TT-PM1-04"]),
        ("?room=-", [HOSTILE, "MÁY-CÔ-ĐÀO"]),
        ("?campus=TG", []),
        ("?state=silent", ["TT-PM1-04"]),
        ("?state=retired", ["MÁY-CŨ"]),
        ("?state=other", ["MAY-RIENG"]),
        ("?state=all", [HOSTILE, "MÁY-CÔ-ĐÀO", "MÁY-CŨ", "MAY-RIENG", "TT-PM1-01", "TT-PM1-04"]),
        ("?check=firewall-enabled&verdict=fail", ["MÁY-CÔ-ĐÀO"]),
        ("?check=firewall-enabled&verdict=pass", [HOSTILE, "TT-PM1-01", "TT-PM1-04"]),
        ("?verdict=fail", ["MÁY-CÔ-ĐÀO"]),
        ("?sort=-name", ["TT-PM1-04", "TT-PM1-01", "MÁY-CÔ-ĐÀO", HOSTILE]),
        ("?sort=seen", ["TT-PM1-04", HOSTILE, "MÁY-CÔ-ĐÀO", "TT-PM1-01"]),
        ("?sort=nonsense&page=99&page=x", [HOSTILE, "MÁY-CÔ-ĐÀO", "TT-PM1-01", "TT-PM1-04"]),
    ],
)
def test_the_list_shows_what_was_asked_for(browser: Browser, query: str, found: list[str]) -> None:
    """Search without accents, filters and order give the devices that a person means; retired ones only when asked."""
    assert names(browser.get(f"/devices{query}").text) == found


def test_what_a_device_says_of_itself_is_never_code(browser: Browser, known: dict[str, str]) -> None:
    """A hostile host name and a hostile message are shown as text, in the title too."""
    page = browser.get(f"/devices/{known['hostile']}").text

    assert f"<title>{HOSTILE} · baove</title>" in page
    assert f"<h1>{HOSTILE}</h1>" in page
    assert "&lt;b&gt;no answer&lt;/b&gt;" in page


def test_memory_that_shrank_stands_out(browser: Browser, known: dict[str, str]) -> None:
    """The history says which module became smaller, from what to what, and asks whether a part was taken out."""
    page = browser.get(f"/devices/{known['lab']}?history=parts").text

    assert "8 GiB → 4 GiB" in page
    assert "giảm đi: có ai tháo linh kiện?" in page


def test_a_section_that_failed_is_not_shown_as_empty(browser: Browser, known: dict[str, str]) -> None:
    """A table that could not be read says so with its reason; one that was looked for and is empty says that."""
    page = browser.get(f"/devices/{known['hostile']}").text
    antivirus = page.partition('id="table-antivirus"')[2].partition("</details>")[0]
    malware = page.partition('id="table-malware"')[2].partition("</details>")[0]

    assert "Không thu thập được" in antivirus
    assert "Đã tìm, không thấy có." not in antivirus
    assert "Đã tìm, không thấy có." in malware


def test_a_check_says_why_and_what_to_do(browser: Browser, known: dict[str, str]) -> None:
    """What falls short has its reason and its remedy; what is met has no advice beside it."""
    page = browser.get(f"/devices/{known['teacher']}?lang=en").text
    row = next(row for row in page.split("<tr>") if "/checks/firewall-enabled" in row)
    met = browser.get(f"/devices/{known['lab']}?lang=en").text
    other = next(row for row in met.split("<tr>") if "/checks/firewall-enabled" in row)

    assert "Not met" in row
    assert "The firewall is off" in row
    assert "ufw enable" in row
    assert "ufw enable" not in other


def test_a_long_list_has_pages(school: School) -> None:
    """Fifty devices stand on a page; the next page has the others, and keeps the filter."""
    school.hub.database.write(
        lambda on: on.exec_driver_sql(
            "INSERT INTO managed_device (device_id, hostname, ownership, weak, first_seen_at, last_seen_at) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70) "
            "SELECT 'x' || i, 'X-' || i, 'school', 0, '2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z' FROM n"
        )
    )
    first = school.browser.get("/devices?q=x-").text
    second = school.browser.get("/devices?q=x-&page=2").text

    assert names(first) == [f"X-{number}" for number in range(1, 51)]
    assert names(second) == [f"X-{number}" for number in range(51, 71)]
    assert 'href="/devices?q=x-&amp;page=2"' in first
