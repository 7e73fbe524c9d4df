"""What every page shares: the reader's language, the school's clock, one state of the database, and the frame.

Pages hold no script or style of their own: the Content-Security-Policy refuses both, so what a PC calls itself can't
become code even where escaping were forgotten.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import sqlalchemy as sa
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from collectors.facts import utc_text
from hub.formats import Formats
from hub.hub import Hub, zone_of
from hub.pages.labels import capital, field_label, table_label
from hub.pages.notices import DONE
from hub.pages.words import WORDS
from rules.engine import QueryError
from rules.words import LANGUAGES, sentence

Row = dict[str, Any]
Query = Callable[[str, Mapping[str, Any]], list[Row]]
Asked = Request[Any, Any, Any]
Answer = Response[str]

LONGEST_NUMBER = 8
"""A page's number with more digits than this is no page's."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Cookie",
}

VERDICTS: Mapping[str, tuple[str, str]] = {
    "fail": ("✗", sentence("not met")),
    "unknown": ("?", sentence("unknown")),
    "pass": ("✓", sentence("met")),
    "exempt": ("◇", sentence("exempt")),
    "not_applicable": ("–", sentence("not applicable")),  # noqa: RUF001 - a dash is meant
}
"""Each verdict's sign and words, the worst first: what needs a hand stands at the top."""

RANK = {word: place for place, word in enumerate(VERDICTS)}

_HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(VERDICTS=VERDICTS, LANGUAGES=LANGUAGES, asset=asset)
    environment.filters.update(capital=capital)
    return environment


@cache
def static_files() -> dict[str, bytes]:
    """Return the files of static/ by name."""
    return {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir())}


@cache
def asset(name: str) -> str:
    """Return the address of a file of static/; it changes with the file, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.blake2b(static_files()[name], digest_size=6).hexdigest()}"


def language_of(request: Asked) -> str:
    """Return the language asked for by ``?lang=``, else the remembered one, else Vietnamese."""
    for said in (request.query_params.get("lang"), request.cookies.get("lang")):
        if said in LANGUAGES:
            return str(said)
    return LANGUAGES[0]


@dataclass(slots=True)
class Page:
    """One answer in the making: who reads it, when, and the state of the data that all of it shows."""

    request: Asked
    hub: Hub
    query: Query
    formats: Formats
    now: datetime
    school: Row

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.formats.language

    @property
    def school_name(self) -> str:
        """The school's name, or that nobody has told it."""
        return str(self.school.get("name") or self.say("the school's profile has not been imported yet"))

    @property
    def named(self) -> dict[str, Any]:
        """What most SQL of pages names: ``:now`` and ``:today``, as rules do."""
        return {"now": utc_text(self.now), "today": self.today}

    @property
    def today(self) -> str:
        """The school's local date."""
        return self.now.astimezone(self.formats.zone).date().isoformat()

    def say(self, text: str, /, **arguments: Any) -> str:
        """Return a sentence in the reader's language."""
        return self.formats.say(text, **arguments)

    def table(self, name: str) -> str:
        """Return a table's name as people say it."""
        return capital(self.say(table_label(name)))

    def field(self, field: Any) -> str:
        """Return a field's name as people say it."""
        return capital(self.say(field_label(field)))

    def verdict(self, word: str) -> str:
        """Return a verdict in words."""
        return self.say(VERDICTS.get(word, VERDICTS["unknown"])[1])

    def word(self, group: str, value: str | None) -> str:
        """Return a word of a table as people say it; one that no group of WORDS knows stands as it is."""
        return self.say(WORDS[group].get(str(value), str(value))) if value else self.formats.unknown

    def asked(self, name: str) -> str:
        """Return a query parameter, '' where it is absent."""
        return str(self.request.query_params.get(name) or "").strip()

    def link(self, **changes: Any) -> str:
        """Return this page's address with some query parameters changed; None or '' leaves one out."""
        kept = {name: str(value) for name, value in self.request.query_params.items() if name not in {"lang", "done"}}
        kept.update({name: "" if value is None else str(value) for name, value in changes.items()})
        pairs = {name: value for name, value in kept.items() if value}
        return self.request.url.path + (f"?{urlencode(pairs)}" if pairs else "")

    @property
    def section(self) -> str:
        """The main page that this page belongs to: the first word of its address."""
        word = self.request.url.path.split("/")[1]
        if word in {"", "targets"}:
            return "targets"
        return word if word in {"devices", "rooms", "checks", "help"} else "attention"

    @property
    def notice(self) -> str:
        """What was just done, after a form; '' on every other page."""
        word = self.asked("done")
        return self.say(DONE[word]) if word in DONE else ""

    def part(self, rows: Sequence[Any], size: int) -> "Part":
        """Return the rows of the page of a list that was asked for; one beyond the last is the last."""
        pages = max(1, -(-len(rows) // size))
        asked = self.asked("page")
        number = min(max(int(asked), 1), pages) if asked.isdecimal() and len(asked) <= LONGEST_NUMBER else 1
        return Part(rows[(number - 1) * size : number * size], number, pages, len(rows))

    def show(self, template: str, title: str, status: int = 200, **context: Any) -> Answer:
        """Return a page made from a template."""
        text = (
            _environment()
            .get_template(template)
            .render(page=self, title=title, _=self.say, f=self.formats, made_up=bool(self.hub.made_up), **context)
        )
        answer = Response(text, status_code=status, media_type=MediaType.HTML, headers=dict(HEADERS))
        if self.request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(
                Cookie(key="lang", value=self.language, max_age=365 * 86400, httponly=True, samesite="lax")
            )
        return answer


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int


@contextlib.contextmanager
def opened(request: Asked) -> Iterator[Page]:
    """Open a page over one state of the database."""
    hub: Hub = request.app.state.hub
    with hub.database.reading() as query:
        schools = query("SELECT * FROM school ORDER BY code", {})
        school = schools[0] if schools else {}
        yield Page(request, hub, query, Formats(language_of(request), zone_of(school)), hub.clock(), school)


def bare(request: Asked) -> Page:
    """Return a page that needs nothing of the database: it must be able to say that the database is ill."""
    hub: Hub = request.app.state.hub
    school: Row = {}
    with contextlib.suppress(QueryError, sa.exc.SQLAlchemyError):
        school = dict(hub.school() or {})

    def nothing(_sql: str, _named: Mapping[str, Any]) -> list[Row]:
        return []

    return Page(request, hub, nothing, Formats(language_of(request), zone_of(school)), hub.clock(), school)
