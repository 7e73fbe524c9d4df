"""A small line of a target's last days, as numbers that the template draws as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

WIDTH, HEIGHT, MARGIN = 240.0, 48.0, 4.0


@dataclass(frozen=True, slots=True)
class Chart:
    """Where the line goes. ``lines`` are the points of its pieces: a day that is not known leaves a gap."""

    lines: Sequence[str]
    threshold_y: float
    last: tuple[float, float]
    first_day: str
    last_day: str
    lowest: float
    highest: float
    days: int


def chart(rows: Sequence[Mapping[str, Any]], threshold: float) -> Chart | None:
    """Return the chart of some days in order, or None where fewer than two are known."""
    known = [float(row["value"]) for row in rows if row["value"] is not None]
    if len(known) < 2:  # noqa: PLR2004 - one point is no line
        return None
    low, high = min(*known, threshold), max(*known, threshold)
    first, last = date.fromisoformat(rows[0]["day"]), date.fromisoformat(rows[-1]["day"])
    span = max((last - first).days, 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    pieces: list[list[tuple[float, float]]] = [[]]
    for row in rows:
        if row["value"] is None:
            pieces.append([])
            continue
        passed = (date.fromisoformat(row["day"]) - first).days
        pieces[-1].append((round(MARGIN + passed / span * (WIDTH - 2 * MARGIN), 1), y(float(row["value"]))))
    drawn = [piece for piece in pieces if piece]
    lines = [" ".join(f"{x},{height}" for x, height in (piece if len(piece) > 1 else piece * 2)) for piece in drawn]
    return Chart(
        lines, y(threshold), drawn[-1][-1], rows[0]["day"], rows[-1]["day"], min(known), max(known), len(rows)
    )  # fmt: skip
