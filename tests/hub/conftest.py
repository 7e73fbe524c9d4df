"""An open hub on each database, and reports as agents send them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.hub import Hub, open_hub


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now

    def advance(self, **by: float) -> datetime:
        """Go on by so much, as timedelta has it, and return the new time."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at 08:00 in Viet Nam on a Monday in March 2026."""
    return Clock()


@pytest.fixture
def hub(tmp_path: Path, clock: Clock) -> Iterator[Hub]:
    """Return a hub on SQLite with an empty database."""
    opened = open_hub(tmp_path / "hub", clock=clock)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_hub(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Hub]:
    """Return a hub on each database that the product knows."""
    url = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    opened = open_hub(tmp_path / "hub", url, clock=clock)
    yield opened
    opened.close()


Query = Callable[..., list[dict[str, object]]]


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> Query:
    """Return a function that asks the test's hub one SELECT."""
    name = "any_hub" if "any_hub" in request.fixturenames else "hub"
    opened: Hub = request.getfixturevalue(name)

    def select(sql: str, **named: object) -> list[dict[str, object]]:
        with opened.database.reading() as query:
            return query(sql, named)

    return select
