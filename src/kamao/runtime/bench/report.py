"""What a benchmark says: measures with their reference, ratio, bar and aim, as a table and as JSON."""

import statistics
from collections.abc import Sequence

import msgspec


class Measure(msgspec.Struct, frozen=True):
    """One line. ``value`` and ``reference`` are in ``unit``; the bar is a ratio unless ``is_limit`` (then a
    most).
    """

    id: str
    text: str
    value: float
    unit: str
    bar: float
    aim: float
    reference: float | None = None
    reference_text: str = ""
    is_limit: bool = False
    less_is_better: bool = False
    spread: str = ""
    note: str = ""
    ratios: tuple[float, ...] = ()
    """Of each round, value against the reference measured just before it. A shared machine changes its speed
    from minute to minute, so their median says more than the ratio of two medians.
    """

    @property
    def judged(self) -> float:
        """The number that is held against the bar."""
        if self.ratios:
            return statistics.median(self.ratios)
        return self.value if self.reference is None else self.value / self.reference

    def reaches(self, mark: float) -> bool:
        """Whether a bar or an aim is reached."""
        return self.judged <= mark if self.is_limit or self.less_is_better else self.judged >= mark

    @property
    def verdict(self) -> str:
        """aim, bar or MISSED."""
        if self.reaches(self.aim):
            return "aim"
        return "bar" if self.reaches(self.bar) else "MISSED"


def median_and_spread(values: Sequence[float]) -> tuple[float, str]:
    """Return the median and ``lowest–highest``."""
    return statistics.median(values), f"{min(values):.0f}–{max(values):.0f}"


def table(measures: Sequence[Measure]) -> str:
    """Return the measures as a Markdown table."""
    lines = [
        "| id | measure | value | reference | judged | bar | aim | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for item in measures:
        sign = "" if item.reference is None else "×"
        reference = "" if item.reference is None else f"{item.reference:,.1f} {item.reference_text}"
        spread = f" ({item.spread})" if item.spread else ""
        lines.append(
            f"| {item.id} | {item.text} | {item.value:,.1f} {item.unit}{spread} | {reference} |"
            f" {item.judged:.2f}{sign} | {item.bar}{sign} | {item.aim}{sign} | {item.verdict} {item.note}|"
        )
    return "\n".join(lines)
