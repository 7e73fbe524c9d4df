"""What every page keeps to."""

import dataclasses
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hub.hub import Hub, open_hub
from tests.hub.conftest import Clock
from tests.hub.pages.conftest import Browser, School, browsing
from tests.hub.pages.school import HOSTILE, fill

PATHS = (
    "/", "/devices", "/devices?state=all&sort=-seen", "/devices/{lab}", "/devices/{teacher}", "/devices/{hostile}",
    "/devices/{gone}", "/devices/{visitor}", "/rooms", "/rooms/TT-PM1", "/rooms/TG-P201", "/checks",
    "/checks/firewall-enabled", "/checks/antivirus-enabled", "/attention", "/unassigned", "/conflicts", "/silent",
    "/never-heard", "/failing", "/retired-reporting", "/help", "/targets/host-firewall",
    "/targets/students-per-computer", "/targets/digital-records", "/targets/classroom-internet",
)  # fmt: skip


class Tags(HTMLParser):
    """Counts what is open, and keeps every link and form of a page."""

    VOID = frozenset({"meta", "link", "input", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.names: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.names.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "action"}:
                self.links.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        """Check that what closes is what was opened last."""
        if tag not in self.VOID:
            assert self.open.pop() == tag


def read(text: str) -> Tags:
    """Return a page's tags; unbalanced ones fail."""
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    return tags


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_and_safe(browser: Browser, known: dict[str, str], path: str, language: str) -> None:
    """A page has balanced tags, no script or style of its own, nothing from elsewhere, and no PC's text as code."""
    answer = browser.get(path.format(**known), headers={"Cookie": f"lang={language}"})
    tags = read(answer.text)

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert HOSTILE not in answer.text
    assert "<b>no answer" not in answer.text
    assert tags.inline == []
    assert "style" not in tags.names
    assert tags.names.count("script") == 1
    assert all(link.startswith(("/", "#")) for link in tags.links)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_somewhere(browser: Browser, known: dict[str, str], path: str) -> None:
    """No page has a link that ends at 'there is no such page'."""
    tags = read(browser.get(path.format(**known)).text)
    links = {link.partition("#")[0] for link in tags.links if link.startswith("/")}
    posts = re.compile(r"/(devices/[^/]+/(room|retire|unretire|ownership|merge|split)|conflicts/\d+/dismiss)$")
    wrong = [link for link in sorted(links) if not posts.match(link) and browser.get(link).status_code != 200]

    assert wrong == []


@pytest.mark.parametrize(
    "path", [path for path in PATHS if "{" not in path and "TT-PM1" not in path and "TG-" not in path]
)
def test_a_hub_that_knows_nothing_has_all_its_pages(empty_browser: Browser, path: str) -> None:
    """Before the profile is imported and the first PC has reported, every page says so instead of failing."""
    assert empty_browser.get(path).status_code == 200


def test_a_hub_without_a_profile_says_how_to_import_one(hub: Hub, empty_browser: Browser) -> None:
    """The command names this hub's own folder: without it, another one would be filled."""
    folder = Path(str(hub.database.engine.url.database)).parent

    assert f"baove school import THƯ_MỤC --data {folder}" in html.unescape(empty_browser.get("/").text)


def test_pages_are_the_same_over_postgresql(postgresql: str, tmp_path: Path, shown: School) -> None:
    """A school on PostgreSQL reads the same pages, row for row."""
    hub = open_hub(tmp_path / "hub", postgresql, clock=Clock())
    known = fill(hub)
    shown.browser.cookies.clear()
    with browsing(hub) as client:
        for path in PATHS:
            there, here = client.get(path.format(**known)), shown.browser.get(path.format(**shown.known))
            text, expected = there.text, here.text
            for name, device_id in known.items():
                text = text.replace(device_id, name)
                expected = expected.replace(shown.known[name], name)
            pairs = zip(text.splitlines(), expected.splitlines(), strict=True)
            different = [(mine, other) for mine, other in pairs if mine != other]
            assert (path, there.status_code, different) == (path, 200, [])
    hub.close()


def test_vietnamese_comes_first_and_the_switch_is_remembered(browser: Browser) -> None:
    """The first visit is in Vietnamese whatever the browser asks for; ?lang=en holds for the visits after it."""
    first = browser.get("/help", headers={"Accept-Language": "en"}).text
    browser.get("/help?lang=en")
    later = browser.get("/devices").text
    browser.get("/help?lang=tlh")

    assert '<html lang="vi">' in first
    assert "Ý nghĩa các từ" in first
    assert '<html lang="en">' in later
    assert '<html lang="en">' in browser.get("/help").text


def test_the_switch_keeps_what_was_asked_for(browser: Browser) -> None:
    """Changing the language does not lose a filter."""
    assert 'href="/devices?kind=laptop&amp;lang=en"' in browser.get("/devices?kind=laptop").text


@pytest.mark.parametrize(
    "path", ["/nothing", "/devices/nobody", "/rooms/nowhere", "/targets/none", "/checks/none", "/static/x"]
)
def test_what_is_not_there_is_said_in_one_sentence(browser: Browser, path: str) -> None:
    """An address that leads nowhere gives a page of the same design, in the reader's language."""
    answer = browser.get(path)
    read(answer.text)

    assert answer.status_code == 404
    assert (
        '<p class="error" role="alert">Không có ' in answer.text
        or "Hồ sơ trường không có" in answer.text
        or ("Kế hoạch không có mục tiêu" in answer.text)
    )


def test_a_made_up_school_says_so_on_every_page(shown: School) -> None:
    """The demonstration can't be taken for a real school, not even on a page that tells of an error."""
    with browsing(dataclasses.replace(shown.hub, made_up=True)) as client:
        pages = [client.get(path.format(**shown.known)).text for path in (*PATHS, "/nothing")]

    assert all("dữ liệu bịa" in page for page in pages)


def test_a_real_school_does_not(browser: Browser) -> None:
    """No page of a real school says that it is made up."""
    assert "dữ liệu bịa" not in browser.get("/").text


def test_an_error_s_own_words_are_not_shown(school: School) -> None:
    """A page whose query fails says one sentence, not what the database said."""
    school.hub.database.write(lambda on: on.exec_driver_sql("ALTER TABLE verdict RENAME TO verdict_gone"))
    answer = school.browser.get("/devices")

    assert answer.status_code == 500
    assert "nhật ký" in answer.text
    assert "verdict" not in answer.text


def test_times_are_the_school_s(browser: Browser, known: dict[str, str]) -> None:
    """A report of 00:30 UTC is shown as 07:30, day before month in Vietnamese, the year first in English."""
    path = f"/devices/{known['lab']}"

    assert "02/03/2026 07:30" in browser.get(path).text
    assert "2026-03-02 07:30" in browser.get(f"{path}?lang=en").text


def test_files_may_be_kept_since_their_address_changes(browser: Browser) -> None:
    """A file asked for by its digest may be kept for a year; the same file without it may not."""
    page = browser.get("/help").text
    addresses = re.findall(r'"(/static/[^"]+)"', page)

    assert len(addresses) >= 3
    for address in addresses:
        assert "immutable" in browser.get(address).headers["cache-control"]
        assert "immutable" not in browser.get(address.partition("?")[0]).headers["cache-control"]


def test_a_hub_that_hears_nothing_says_so_loudly(school: School, clock: Clock) -> None:
    """When a whole school day has passed without a report, the first page says that the hub itself hears nothing."""
    quiet = school.browser.get("/").text
    clock.advance(days=1, hours=20)  # early on Wednesday: all of Tuesday has passed
    loud = school.browser.get("/").text

    assert "Máy chủ không nhận được báo cáo nào" not in quiet
    assert "Máy chủ không nhận được báo cáo nào" in loud
    assert "02/03/2026 07:40" in loud


def test_a_weekend_without_reports_is_no_alarm(school: School, clock: Clock) -> None:
    """Saturday and Sunday are no school days, so silence until Monday morning is normal."""
    friday = "UPDATE managed_device SET last_seen_at = '2026-03-06T08:00:00Z'"
    school.hub.database.write(lambda on: on.exec_driver_sql(friday))
    clock.advance(days=7)

    assert "Máy chủ không nhận được báo cáo nào" not in school.browser.get("/").text
