"""What a person decides."""

import pytest

from collectors.facts import utc_text
from tests.hub.pages.conftest import ADDRESS, Browser, School


def ask(school: School, sql: str, **named: object) -> list[dict[str, object]]:
    """Ask the school's database."""
    with school.hub.database.reading() as query:
        return query(sql, named)


def send(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Post a form as a browser does; return the status and where it leads."""
    answer = browser.post(path, data=fields, headers={"Origin": ADDRESS})
    return answer.status_code, answer.headers.get("location", "")


def test_retiring_is_said_and_can_be_undone(school: School) -> None:
    """The form leads back to the device with a sentence; taking it back clears the mark."""
    path = f"/devices/{school.known['teacher']}"

    assert send(school.browser, f"{path}/retire") == (303, f"{path}?done=retired")
    page = school.browser.get(f"{path}?done=retired").text
    assert "Đã đánh dấu thôi dùng" in page
    assert f'action="{path}/unretire"' in page
    assert send(school.browser, f"{path}/unretire") == (303, f"{path}?done=unretired")
    assert f'action="{path}/retire"' in school.browser.get(path).text


def test_what_is_not_the_school_s_can_be_the_school_s_again(school: School) -> None:
    """The mark is set and taken off by the same form."""
    device = school.known["visitor"]
    mark = "SELECT ownership FROM managed_device WHERE device_id = :device"

    assert send(school.browser, f"/devices/{device}/ownership", ownership="school")[0] == 303
    assert ask(school, mark, device=device) == [{"ownership": "school"}]
    assert send(school.browser, f"/devices/{device}/ownership", ownership="other")[0] == 303
    assert ask(school, mark, device=device) == [{"ownership": "other"}]


def test_a_room_is_written_into_the_record(school: School) -> None:
    """The PC leaves the list of those without a room, and its page says where the room is known from."""
    device = school.known["teacher"]

    assert send(school.browser, f"/devices/{device}/room", room="TT-VP", back="unassigned") == (
        303,
        "/unassigned?done=room",
    )
    assert "MÁY-CÔ-ĐÀO" not in school.browser.get("/unassigned").text
    assert "theo hồ sơ" in school.browser.get(f"/devices/{device}").text


def test_merging_needs_a_tick(school: School) -> None:
    """A merge can't be undone by itself, so without the tick nothing happens; with it the two are one device."""
    path, into = f"/devices/{school.known['teacher']}", school.known["lab"]

    assert send(school.browser, f"{path}/merge", into=into)[0] == 400
    assert school.browser.get(path).status_code == 200
    assert send(school.browser, f"{path}/merge", into=into, sure="yes") == (303, f"/devices/{into}?done=merged")
    assert school.browser.get(path).status_code == 404


def test_splitting_makes_a_device_of_its_own(school: School) -> None:
    """Two machines that were merged by mistake are two again, and the page that follows is the new device's."""
    teacher, lab = school.known["teacher"], school.known["lab"]
    send(school.browser, f"/devices/{teacher}/merge", into=lab, sure="yes")

    status, path = send(school.browser, f"/devices/{lab}/split", stream="run-2")

    assert status == 303
    assert path.endswith("?done=split")
    assert path != f"/devices/{lab}?done=split"
    assert "nay là một thiết bị riêng" in school.browser.get(path).text


def test_a_contradiction_can_be_put_aside(school: School) -> None:
    """Dismissing takes it off the list and notes when."""
    (row,) = ask(school, "SELECT id FROM conflict")

    assert send(school.browser, f"/conflicts/{row['id']}/dismiss") == (303, "/conflicts?done=dismissed")
    assert "Không có gì mâu thuẫn." in school.browser.get("/conflicts").text
    assert ask(school, "SELECT resolved_at FROM conflict") == [{"resolved_at": utc_text(school.hub.clock())}]


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("room", {}, "Hãy chọn phòng đặt thiết bị."),
        ("room", {"room": "no-such"}, "hồ sơ trường không có phòng no-such"),
        ("ownership", {"ownership": "mine"}, "Hãy chọn thiết bị là của trường hay không."),
        ("merge", {}, "Hãy chọn thiết bị trùng với thiết bị này."),
        ("merge", {"into": "nobody", "sure": "yes"}, "không có thiết bị nobody"),
        ("split", {}, "Hãy chọn lần chạy thuộc về máy kia."),
        ("split", {"stream": "nothing"}, "thiết bị không có lần chạy này của phần mềm giám sát"),
    ],
)
def test_what_can_t_be_done_is_said_in_one_sentence(
    school: School, path: str, fields: dict[str, str], sentence: str
) -> None:
    """A form that was filled in wrongly gives a page with one Vietnamese sentence, and changes nothing."""
    tables = ("managed_device", "record", "stream", "conflict")
    before = [ask(school, f"SELECT * FROM {table}") for table in tables]
    answer = school.browser.post(f"/devices/{school.known['teacher']}/{path}", data=fields, headers={"Origin": ADDRESS})

    assert answer.status_code == 400
    assert f'<p class="error" role="alert">{sentence}</p>' in answer.text
    assert [ask(school, f"SELECT * FROM {table}") for table in tables] == before


def test_a_form_that_is_far_too_large_is_refused(school: School) -> None:
    """No form has a hundred kilobytes; what has is not read to its end, and says so in a sentence."""
    answer = school.browser.post(
        f"/devices/{school.known['lab']}/room", data={"room": "x" * 100_000}, headers={"Origin": ADDRESS}
    )

    assert answer.status_code == 413
    assert "Nội dung gửi lên quá lớn." in answer.text


def test_a_form_from_another_site_changes_nothing(school: School) -> None:
    """A page elsewhere can't retire a device through the officer's browser."""
    answer = school.browser.post(f"/devices/{school.known['lab']}/retire", headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert ask(school, "SELECT retired_at FROM managed_device WHERE device_id = :id", id=school.known["lab"]) == [
        {"retired_at": None}
    ]


@pytest.mark.parametrize("path", ["retire", "merge", "split", "room", "ownership"])
def test_looking_changes_nothing(school: School, path: str) -> None:
    """Only a post does something: a link or a preview of it does not."""
    assert school.browser.get(f"/devices/{school.known['lab']}/{path}").status_code in {404, 405}
