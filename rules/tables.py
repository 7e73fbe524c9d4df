"""The hub's own tables that rules may read beside the facts, and the views built over them.

A rule reads them as it reads facts; only the hub writes them. Every time is UTC text, '2026-03-02T01:15:00Z'.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from collectors.facts import Outcome, fact

JUDGING = "To judge the plan"


class Verdict(StrEnum):
    """How a rule judges."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    EXEMPT = "exempt"


class Ownership(StrEnum):
    """Whose a device is; only the school's are judged."""

    SCHOOL = "school"
    OTHER = "other"


@fact(key="device_id", why=JUDGING, volatile=("last_seen_at",))
class ManagedDevice:
    """A device that has reported, as the hub knows it."""

    device_id: Annotated[str, "The hub's own name of the device"]
    hostname: Annotated[str | None, "Its name when it last told one"] = None
    campus: Annotated[str | None, "The campus it stands at; null: not known"] = None
    room: Annotated[str | None, "The room it stands in; null: not known"] = None
    room_source: Annotated[str | None, "Where the room is known from: record, join or hostname"] = None
    room_since: Annotated[datetime | None, "When it was moved there from another room; null: it never was"] = None
    ownership: Annotated[Ownership, "The school's, or not"]
    weak: Annotated[bool, "True when no hardware identifier but a network card tells it from another"]
    first_seen_at: Annotated[datetime, "When its first report came"]
    last_seen_at: Annotated[datetime, "When its last report came"]
    retired_at: Annotated[datetime | None, "When the officer retired it"] = None


@fact(key=("device_id", "day"), why=JUDGING)
class Presence:
    """An operation day: a local date on which a device reported."""

    device_id: Annotated[str, "The device"]
    day: Annotated[date, "The local date"]


@fact(key=("device_id", "table"), why=JUDGING)
class Collection:
    """How the last attempt to fill a table of a device ended, and how long its rows count."""

    device_id: Annotated[str, "The device"]
    table: Annotated[str, "The table's name"]
    outcome: Annotated[Outcome, "How the last attempt ended"]
    message: Annotated[str | None, "Why it did not end in rows"] = None
    attempted_at: Annotated[datetime, "When it was last tried"]
    collected_at: Annotated[datetime | None, "When the rows that the hub has were last seen so"] = None
    expires_at: Annotated[datetime, "From when on they are too old to judge by"]


@fact(key=("rule", "device_id"), why=JUDGING)
class VerdictRow:
    """What a check says of a device now."""

    rule: Annotated[str, "The check's id"]
    version: Annotated[str, "A digest of the check and its limits"]
    device_id: Annotated[str, "The device"]
    verdict: Annotated[Verdict, "The verdict"]
    reason: Annotated[str, "The reason's id, in the check or in the engine's own list"]
    details: Annotated[str, "What the reason's sentence names, a JSON object"]
    since: Annotated[datetime, "Since when the verdict has been this"]
    until: Annotated[datetime, "From when on it holds no longer unless judged again"]


# The computers that exist: those that report, those that only a record knows, and those that a room should have
# beyond both. One row of the last kind stands for several computers, none of which was ever heard from.
# A tablet counts when it reports: what is only recorded as one may run a system on which nothing here could.
COMPUTER_KINDS = ("desktop", "laptop", "all_in_one", "server")

_SCHOOL_COMPUTER = f"""
WITH matched AS (
  -- Two records may claim one device: the device is still one computer.
  SELECT r.device_id, MIN(r.asset_code) AS asset_code FROM record AS r
  WHERE r.device_id IS NOT NULL GROUP BY r.device_id
), counted AS (
  SELECT m.device_id AS subject, m.device_id, r.asset_code, m.hostname,
         CASE WHEN d.kind IS NULL OR d.kind = 'unknown' THEN COALESCE(r.kind, d.kind) ELSE d.kind END AS kind,
         m.room, m.campus, 'reported' AS source, 1 AS computers, r.condition, r.used_by
  FROM managed_device AS m
  LEFT JOIN device AS d ON d.device_id = m.device_id
  LEFT JOIN matched AS x ON x.device_id = m.device_id
  LEFT JOIN record AS r ON r.asset_code = x.asset_code
  WHERE m.ownership = 'school' AND m.retired_at IS NULL
  UNION ALL
  SELECT r.asset_code, CAST(NULL AS TEXT), r.asset_code, CAST(NULL AS TEXT), r.kind,
         r.room, o.campus, 'recorded', 1, r.condition, r.used_by
  FROM record AS r
  LEFT JOIN room AS o ON o.room = r.room
  WHERE r.kind IN {COMPUTER_KINDS} AND COALESCE(r.condition, '') <> 'disposed'
    AND NOT EXISTS (SELECT 1 FROM managed_device AS m
                    WHERE m.device_id = r.device_id AND (m.ownership <> 'school' OR m.retired_at IS NULL))
), known AS (
  -- What takes no place in a room stands for none of the computers that belong there.
  SELECT room, COUNT(*) AS computers FROM counted
  WHERE COALESCE(kind, '') <> 'virtual' AND COALESCE(condition, '') <> 'disposed' GROUP BY room
)
SELECT subject, device_id, asset_code, hostname, kind, room, campus, source, computers, condition, used_by FROM counted
UNION ALL
SELECT o.room, CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT), o.room, o.campus,
       'expected', CAST(o.computers_expected - COALESCE(k.computers, 0) AS INTEGER), CAST(NULL AS TEXT),
       CAST(NULL AS TEXT)
FROM room AS o
LEFT JOIN known AS k ON k.room = o.room
WHERE o.computers_expected > COALESCE(k.computers, 0)
"""

# The product that speaks for a computer that lists several (Defender steps back for another): what is on before what
# is not, what the school accepts before what it does not, the newest signatures. Every check of antivirus asks about
# this one, or a computer could pass with the protection of one product and the signatures of another.
_GUARDING_ANTIVIRUS = """
WITH known AS (
  SELECT a.device_id, a.name, a.protection, a.up_to_date, a.signatures_at, a.licence_expires_at,
         CASE WHEN EXISTS (SELECT 1 FROM accepted_antivirus AS x
                           WHERE x.name <> '' AND LOWER(a.name) LIKE LOWER(x.name) || '%')
              THEN 1 ELSE 0 END AS accepted
  FROM antivirus AS a
), ranked AS (
  SELECT known.*, ROW_NUMBER() OVER (PARTITION BY device_id ORDER BY
           CASE WHEN protection = 'enabled' THEN 1 WHEN protection IS NULL THEN 2
                WHEN protection = 'expired' THEN 3 WHEN protection = 'snoozed' THEN 4 ELSE 5 END,
           accepted DESC, COALESCE(signatures_at, '') DESC, name) AS place
  FROM known
)
SELECT device_id, name, protection, up_to_date, signatures_at, licence_expires_at, accepted FROM ranked WHERE place = 1
"""

VIEWS = {"school_computer": _SCHOOL_COMPUTER, "guarding_antivirus": _GUARDING_ANTIVIRUS}
"""Each view's SELECT, by its name."""

TABLES: dict[str, type] = {
    "managed_device": ManagedDevice,
    "presence": Presence,
    "collection": Collection,
    "verdict": VerdictRow,
}
"""The hub's tables that rules may read, by name."""
