"""What an IT officer does with the page, in a real browser, with JavaScript and without it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from hub.hub import Hub
from tests.hub.pages.test_pages import PATHS

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, chromium: Browser, served: tuple[Hub, str]) -> Iterator[Page]:
    """Return a tab; what the browser complains of in it fails the test."""
    context = chromium.new_context(base_url=served[1], java_script_enabled=request.param)
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()
    assert complaints == []


@pytest.fixture
def phone(chromium: Browser, served: tuple[Hub, str]) -> Iterator[Page]:
    """Return a tab of a small phone."""
    context = chromium.new_context(base_url=served[1], viewport=PHONE, is_mobile=True, has_touch=True)
    yield context.new_page()
    context.close()


def test_a_failing_target_is_followed_to_its_device(page: Page) -> None:
    """From the first page to the evidence of what fails, to the PC, to what to do there: three clicks."""
    page.goto("/")
    page.get_by_role("link", name="Máy tính bật tường lửa ở mọi cấu hình mạng").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Máy tính bật tường lửa ở mọi cấu hình mạng")
    page.get_by_role("link", name="Không đạt (1)").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Tường lửa đang tắt")
    rows.first.get_by_role("link", name="MÁY-CÔ-ĐÀO").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("MÁY-CÔ-ĐÀO")

    expect(page.get_by_text("ufw enable")).to_be_visible()


def test_the_language_is_switched_and_remembered(page: Page) -> None:
    """One click changes the language, and the next page keeps it."""
    page.goto("/")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Needs a hand")).to_be_visible()
    page.get_by_role("link", name="Devices", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Devices")
    page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thiết bị")


def test_a_search_needs_no_accents(page: Page) -> None:
    """Typing 'co dao' into the field at the top of any page finds MÁY-CÔ-ĐÀO."""
    page.goto("/help")
    page.get_by_role("searchbox", name="Tìm thiết bị").fill("co dao")
    page.get_by_role("button", name="Tìm", exact=True).click()

    expect(page.locator("tbody th")).to_have_text(["MÁY-CÔ-ĐÀO"])


def test_a_hostile_name_is_text(page: Page) -> None:
    """A PC that calls itself a script is shown as it calls itself; nothing runs."""
    page.goto("/devices?q=script")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    expect(page.locator("tbody th a")).to_have_text(["<script>alert(1)</script>"])
    page.locator("tbody th a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<script>alert(1)</script>")


def test_a_room_is_given_by_a_form(page: Page) -> None:
    """The officer chooses a room in the list of PCs without one; the list is shorter and says what was done."""
    page.goto("/unassigned")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    mine = rows.filter(has_text="MÁY-CÔ-ĐÀO")
    mine.get_by_role("combobox").select_option("TT-VP")
    mine.get_by_role("button", name="Lưu").click()

    expect(rows).to_have_count(1)
    expect(page.get_by_role("status")).to_contain_text("Đã ghi phòng")


def test_a_device_is_retired_and_taken_back(page: Page) -> None:
    """A form's answer is a page that says what was done; the way back is a button on it."""
    page.goto("/devices?q=co+dao")
    page.get_by_role("link", name="MÁY-CÔ-ĐÀO").click()
    page.get_by_role("button", name="Đánh dấu thôi dùng").click()
    expect(page.get_by_role("status")).to_contain_text("Đã đánh dấu thôi dùng")
    page.get_by_role("button", name="Đưa trở lại").click()

    expect(page.get_by_role("status")).to_contain_text("được tính trở lại")


@pytest.mark.parametrize("path", [path for path in PATHS if "{" not in path])
def test_no_page_scrolls_sideways_on_a_phone(phone: Page, path: str) -> None:
    """At 360 pixels every page fits; what is wider scrolls inside its own frame."""
    phone.goto(path)

    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_device_fits_a_phone(phone: Page) -> None:
    """The page with the most tables fits too, with every table open."""
    phone.goto("/devices?q=tt-pm1-01")
    phone.locator("tbody th a").click()
    phone.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_first_page_refreshes_itself(chromium: Browser, served: tuple[Hub, str]) -> None:
    """After a minute the content is fetched again without loading the page anew; without the hub it says it is old."""
    hub, address = served
    context = chromium.new_context(base_url=address)
    tab = context.new_page()
    tab.clock.install()
    tab.goto("/")
    tab.evaluate("window.same = true")
    hub.database.write(lambda on: on.exec_driver_sql("UPDATE managed_device SET room = 'TT-VP'"))
    expect(tab.get_by_role("link", name="Máy chưa xếp phòng").locator("..").locator(".count")).to_have_text("2")
    tab.clock.fast_forward(61_000)

    expect(tab.get_by_role("link", name="Máy chưa xếp phòng").locator("..").locator(".count")).to_have_text("0")
    assert tab.evaluate("window.same") is True
    context.set_offline(offline=True)
    tab.clock.fast_forward(61_000)
    expect(tab.locator("body")).to_have_class("stale")
    context.close()


def test_print_leaves_out_what_paper_can_t_do(chromium: Browser, served: tuple[Hub, str]) -> None:
    """On paper there is no menu, no search and no form; the verdicts are there in words."""
    tab = chromium.new_page(base_url=served[1])
    tab.goto("/targets/host-firewall")
    tab.emulate_media(media="print")

    expect(tab.get_by_role("navigation", name="Các trang chính")).to_be_hidden()
    expect(tab.get_by_role("search")).to_be_hidden()
    expect(tab.locator("tbody .badge").first).to_have_text("✗ Không đạt")
    tab.close()
