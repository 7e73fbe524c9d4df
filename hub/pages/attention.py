"""The lists that need a hand: what no rule can settle and a person can."""

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from litestar import get

from collectors.facts import parse_utc
from hub.pages.calendar import SILENT_AFTER_SCHOOL_DAYS, calendar_of
from hub.pages.inventory import devices, in_order
from hub.pages.page import Answer, Asked, Page, Row, opened
from hub.vietnamese import sort_key
from rules.words import sentence

PART_SIZE = 100

HUB_DEAF_AFTER_SCHOOL_DAYS = 1
"""When a whole school day has passed without any report, it is the hub that is ill, not forty PCs at once."""

HUB_DEAF_AFTER = timedelta(days=14)
"""So long without any report is said even in holidays."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: where it stands, what it is called, why it matters, and its rows."""

    path: str
    title: str
    about: str
    empty: str
    rows: Sequence[Row]


def unassigned(page: Page, known: Sequence[Row]) -> Listing:
    """List the PCs of which nobody said where they stand."""
    rows = [row for row in known if not row["room"] and row["state"] not in {"retired", "other"}]
    return Listing(
        "/unassigned",
        page.say("PCs without a room"),
        page.say("Say where each one stands, or give its host name a pattern in the school's profile."),
        page.say("Every PC has a room."),
        in_order(rows),
    )


def silent(page: Page, known: Sequence[Row]) -> Listing:
    """List the PCs that should have reported by now."""
    rows = [row for row in known if row["state"] == "silent"]
    rows.sort(key=lambda row: (-row["missed"], sort_key(row["name"])))
    return Listing(
        "/silent",
        page.say("Silent PCs"),
        page.say(
            "No report on {count} school days or more. Being off at night, at weekends and in holidays is normal and "
            "is not counted. Switch the PC on; if it stays silent, look at its network cable and at its agent.",
            count=SILENT_AFTER_SCHOOL_DAYS,
        ),
        page.say("No PC is silent."),
        rows,
    )


def retired_reporting(page: Page, known: Sequence[Row]) -> Listing:
    """List the devices that were retired and have reported since."""
    rows = [row for row in known if row["retired_at"] and row["last_seen_at"] > row["retired_at"]]
    return Listing(
        "/retired-reporting",
        page.say("Retired devices that report"),
        page.say("They were retired, yet are in use somewhere. Find them, or take them back."),
        page.say("No retired device reports."),
        in_order(rows),
    )


_FAILING = """
SELECT c.device_id, c."table", c.outcome, c.message, c.attempted_at, c.collected_at, m.hostname, m.room
FROM collection AS c JOIN managed_device AS m ON m.device_id = c.device_id
WHERE c.outcome IN ('failed', 'timed_out') AND m.ownership = 'school' AND m.retired_at IS NULL
"""


def failing(page: Page) -> Listing:
    """List the sections of reports that could not be collected."""
    rows = page.query(_FAILING, {})
    for row in rows:
        row["name"] = str(row["hostname"] or row["device_id"])
    rows.sort(key=lambda row: (row["table"], sort_key(row["name"])))
    return Listing(
        "/failing",
        page.say("Sections that fail"),
        page.say(
            "What could not be read on a PC stays not known, and the checks that need it too. The last rows that came "
            "are kept."
        ),
        page.say("Every section could be read."),
        rows,
    )


_NEVER_HEARD = """
SELECT s.subject, s.asset_code, s.kind, s.room, s.campus, s.source, s.computers, room.name AS room_name
FROM school_computer AS s LEFT JOIN room ON room.room = s.room
WHERE s.source <> 'reported'
"""


def never_heard(page: Page) -> Listing:
    """List the computers that exist by the records or the rooms, and of which no agent was ever heard."""
    rows = page.query(_NEVER_HEARD, {})
    for row in rows:
        row["name"] = str(row["asset_code"] or row["room"] or row["subject"])
    rows.sort(key=lambda row: (sort_key(row["room"] or ""), sort_key(row["name"])))
    return Listing(
        "/never-heard",
        page.say("Computers never heard from"),
        page.say(
            "They stand in the records, or belong to a room, but no agent on them has ever reported. They count as not "
            "known, so a target can't be met while they are many. Install the agent, or correct the record."
        ),
        page.say("Every computer has reported."),
        rows,
    )


CONFLICTS = {
    "clone": sentence("Two machines are in use at once under one identifier: likely a cloned disk or board data."),
    "shared_identifier": sentence("Two devices share an identifier that should be only one's."),
    "same_machine": sentence(
        "Likely the same machine: its main board was changed, its disk and network card are known."
    ),
    "room": sentence("Two sources give this PC a different room; the first one counts."),
}
"""What each kind of conflict means."""

_CONFLICTS = """
SELECT c.id, c.kind, c.device_id, c.other_device_id, c.detail, c.since,
       a.hostname, a.room, a.last_seen_at, b.hostname AS other_hostname, b.room AS other_room,
       b.last_seen_at AS other_last_seen_at
FROM conflict AS c
LEFT JOIN managed_device AS a ON a.device_id = c.device_id
LEFT JOIN managed_device AS b ON b.device_id = c.other_device_id
WHERE c.resolved_at IS NULL
ORDER BY c.since, c.id
"""


def conflicts(page: Page) -> Listing:
    """List what contradicts itself: identities first, then rooms."""
    rows = page.query(_CONFLICTS, {})
    for row in rows:
        row["name"] = str(row["hostname"] or row["device_id"])
        row["other_name"] = str(row["other_hostname"] or row["other_device_id"])
        row["shared"] = ", ".join(_shared(page, row["detail"]))
        row["meaning"] = page.say(CONFLICTS.get(row["kind"], CONFLICTS["shared_identifier"]))
    return Listing(
        "/conflicts",
        page.say("Contradictions"),
        page.say("The same identity on two machines, or two opinions about one room. Only a person can tell."),
        page.say("Nothing contradicts itself."),
        [*rows, *_rooms_that_differ(page)],
    )


def _shared(page: Page, detail: str) -> list[str]:
    """Return the identifiers that two devices share, each with its kind in words."""
    return [f"{page.word('identifier', kind)} {value}" for kind, value in json.loads(detail)]


_RECORDED_ROOMS = """
SELECT m.device_id, m.hostname, m.room, m.last_seen_at, r.room AS recorded
FROM managed_device AS m JOIN record AS r ON r.device_id = m.device_id
WHERE r.room IS NOT NULL AND m.hostname IS NOT NULL AND m.ownership = 'school' AND m.retired_at IS NULL
"""


def _rooms_that_differ(page: Page) -> list[Row]:
    patterns = page.query("SELECT pattern, room FROM hostname_pattern ORDER BY pattern", {})
    found = []
    for row in page.query(_RECORDED_ROOMS, {}):
        told = {one["room"] for one in patterns if fnmatch.fnmatchcase(row["hostname"].upper(), one["pattern"].upper())}
        if len(told) == 1 and (other := told.pop()) != row["recorded"]:
            row.update(kind="room", name=row["hostname"], by_hostname=other, meaning=page.say(CONFLICTS["room"]))
            found.append(row)
    return in_order(found)


def listings(page: Page) -> list[Listing]:
    """Return every list, in the order in which they stand on the first page."""
    known = devices(page)
    return [
        unassigned(page, known),
        conflicts(page),
        silent(page, known),
        never_heard(page),
        failing(page),
        retired_reporting(page, known),
    ]


def deaf_since(page: Page) -> str | None:
    """Return when the hub heard the last report, where that is too long ago to be a quiet day; else None."""
    last = page.query("SELECT MAX(last_seen_at) AS heard FROM managed_device", {})[0]["heard"]
    if last is None:
        return None
    missed = calendar_of(page).missed(page.formats.local(last).date().isoformat())
    long_ago = page.now - parse_utc(last) >= HUB_DEAF_AFTER
    return str(last) if missed >= HUB_DEAF_AFTER_SCHOOL_DAYS or long_ago else None


def _shown(page: Page, template: str, listing: Listing) -> Answer:
    part = page.part(listing.rows, PART_SIZE)
    return page.show(template, listing.title, listing=listing, part=part)


@get("/attention", include_in_schema=False, sync_to_thread=True)
def attention_page(request: Asked) -> Answer:
    """Show all lists with their counts."""
    with opened(request) as page:
        return page.show("attention.html", page.say("Needs a hand"), listings=listings(page))


@get("/unassigned", include_in_schema=False, sync_to_thread=True)
def unassigned_page(request: Asked) -> Answer:
    """Show the PCs without a room, each with a form that gives it one."""
    with opened(request) as page:
        listing = unassigned(page, devices(page))
        part = page.part(listing.rows, PART_SIZE)
        return page.show("unassigned.html", listing.title, listing=listing, part=part, rooms=rooms_to_choose(page))


@get("/conflicts", include_in_schema=False, sync_to_thread=True)
def conflicts_page(request: Asked) -> Answer:
    """Show the contradictions, each with the forms that settle it."""
    with opened(request) as page:
        listing = conflicts(page)
        part = page.part(listing.rows, PART_SIZE)
        runs: dict[str, list[Row]] = {}
        for row in page.query("SELECT device_id, stream, first_sent_at, last_sent_at FROM stream", {}):
            runs.setdefault(row["device_id"], []).append(row)
        return page.show("conflicts.html", listing.title, listing=listing, part=part, runs=runs)


@get("/silent", include_in_schema=False, sync_to_thread=True)
def silent_page(request: Asked) -> Answer:
    """Show the silent PCs."""
    with opened(request) as page:
        return _shown(page, "silent.html", silent(page, devices(page)))


@get("/retired-reporting", include_in_schema=False, sync_to_thread=True)
def retired_page(request: Asked) -> Answer:
    """Show the retired devices that report."""
    with opened(request) as page:
        return _shown(page, "silent.html", retired_reporting(page, devices(page)))


@get("/never-heard", include_in_schema=False, sync_to_thread=True)
def never_heard_page(request: Asked) -> Answer:
    """Show the computers that never reported."""
    with opened(request) as page:
        return _shown(page, "never-heard.html", never_heard(page))


@get("/failing", include_in_schema=False, sync_to_thread=True)
def failing_page(request: Asked) -> Answer:
    """Show the sections that fail."""
    with opened(request) as page:
        return _shown(page, "failing.html", failing(page))


def rooms_to_choose(page: Page) -> list[tuple[str, list[Row]]]:
    """Return the rooms of each campus, for a form that asks for one."""
    rows = page.query(
        "SELECT room.room, room.name, campus.name AS campus_name, room.campus FROM room "
        "LEFT JOIN campus ON campus.campus = room.campus ORDER BY room.campus",
        {},
    )
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: sort_key(row["room"])):
        groups.setdefault(str(row["campus_name"] or row["campus"]), []).append(row)
    return list(groups.items())


handlers = [
    attention_page,
    unassigned_page,
    conflicts_page,
    silent_page,
    retired_page,
    never_heard_page,
    failing_page,
]
