"""One line of what was measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A figure beside its peer's, its budget, and the floor that no program gets below."""

    what: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    most: float | None = None
    least: float | None = None
    most_ratio: float | None = None
    least_ratio: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return ours over the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Tell whether the budget holds; None: there is none, or its peer is not installed."""
        bounds = [
            (self.ours, self.most, self.least),
            (self.ratio, self.most_ratio, self.least_ratio),
        ]
        asked = [(value, most, least) for value, most, least in bounds if most is not None or least is not None]
        if not asked or any(value is None for value, _, _ in asked):
            return None
        return all(
            (most is None or value <= most) and (least is None or value >= least)
            for value, most, least in asked
            if value is not None
        )

    @property
    def budget(self) -> str:
        """Return the budget in words."""
        parts = [
            (self.most, "at most {:.3g}"),
            (self.least, "at least {:.3g}"),
            (self.most_ratio, "at most {:.3g} of the peer"),
            (self.least_ratio, "at least {:.3g} of the peer"),
        ]
        return ", ".join(text.format(value) for value, text in parts if value is not None)
