"""The checks: what each one asks of a computer, and all computers by verdict."""

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from hub.judge import VERDICT_NOW
from hub.pages.devices import CURRENT
from hub.pages.evidence import reasons_of
from hub.pages.inventory import devices
from hub.pages.page import RANK, Answer, Asked, Page, Row, opened
from hub.vietnamese import sort_key
from rules.words import sentence

PART_SIZE = 100

_COUNTS = f"""
SELECT v.rule, {VERDICT_NOW} AS verdict, COUNT(*) AS devices
FROM verdict AS v JOIN managed_device AS m ON m.device_id = v.device_id
WHERE m.ownership = 'school' AND m.retired_at IS NULL
GROUP BY 1, 2
"""


def _counts(page: Page) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in page.query(_COUNTS, page.named):
        found.setdefault(row["rule"], {})[row["verdict"]] = row["devices"]
    return found


@get("/checks", include_in_schema=False, sync_to_thread=True)
def checks_page(request: Asked) -> Answer:
    """Show every check with how many computers came to which verdict; the most failing stand first."""
    with opened(request) as page:
        counts = _counts(page)
        checks = sorted(
            page.hub.rulebook.checks.values(),
            key=lambda check: (-counts.get(check.id, {}).get("fail", 0), sort_key(check.title[page.language])),
        )
        return page.show("checks.html", page.say("Checks"), checks=checks, counts=counts)


@get("/checks/{check_id:str}", include_in_schema=False, sync_to_thread=True)
def check_page(request: Asked, check_id: FromPath[str]) -> Answer:
    """Show one check and its computers, who falls short first."""
    with opened(request) as page:
        rules = page.hub.rulebook.checks
        check = rules.get(check_id) or next((one for one in rules.values() if check_id in one.aliases), None)
        if check is None:
            raise NotFoundException(detail=sentence("There is no check named {name}.", name=check_id))
        rows = page.query(
            f"SELECT v.device_id, v.rule, v.reason, v.details, v.since, v.until, {VERDICT_NOW} AS verdict "
            "FROM verdict AS v WHERE v.rule = :rule",
            {**page.named, "rule": check.id},
        )
        known = {row["device_id"]: row for row in devices(page) if row["state"] in CURRENT}
        judged: list[Row] = [{**row, "device": known[row["device_id"]]} for row in rows if row["device_id"] in known]
        judged.sort(key=lambda row: (RANK.get(row["verdict"], 1), sort_key(row["device"]["name"])))
        counts = {word: sum(row["verdict"] == word for row in judged) for word in RANK}
        only = page.asked("verdict")
        part = page.part([row for row in judged if not only or row["verdict"] == only], PART_SIZE)
        texts = {row["device_id"]: row["text"] for row in reasons_of(page, part.rows)}
        targets = [target for target in page.hub.rulebook.targets.values() if check.id in target.checks]
        return page.show(
            "check.html",
            check.title[page.language],
            check=check,
            part=part,
            texts=texts,
            counts=counts,
            only=only,
            targets=targets,
        )


handlers = [checks_page, check_page]
