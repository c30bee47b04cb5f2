"""Charts as SVG: values in, `Markup` out. Colours are classes, so dark mode, print and forced colours follow."""

from collections.abc import Sequence

import msgspec
import segno
from markupsafe import Markup

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 34, 632, 10, 196


class Series(msgspec.Struct, frozen=True):
    """Values of one thing, one per label; `mark` is its class, k1 to k4."""

    name: str
    mark: str
    values: Sequence[int]


def columns(labels: Sequence[str], series: Sequence[Series], *, sentence: str) -> Markup:
    """Draw stacked columns, one per label; of many labels every second is written."""
    totals = [sum(one.values[at] for one in series) for at in range(len(labels))]
    top = _ceiling(max(totals, default=0))
    step = (RIGHT - LEFT) / max(len(labels), 1)
    parts = [_grid(top)]
    for at, label in enumerate(labels):
        x, width, base = LEFT + at * step + step * 0.18, step * 0.64, float(BOTTOM)
        for one in series:
            height = (BOTTOM - TOP) * one.values[at] / top
            base -= height
            if height:
                parts.append(_column(one, at, label, (x, base, width, height)))
        if len(labels) < 8 or at % 2 == 0:
            parts.append(
                Markup('<text class="ax" x="{}" y="213" text-anchor="middle">{}</text>').format(
                    f"{x + width / 2:.1f}", label
                )
            )
    return _svg(sentence, parts)


def bar(value: int, most: int, mark: str = "k1") -> Markup:
    """Draw one bar of a list of bars; the words and the number stand beside it."""
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bg" width="100" height="8"/><rect class="{}" width="{}" height="8"/></svg>'
    ).format(mark, f"{100 * value / max(most, 1):.1f}")


def meter(value: int, most: int, mark: str = "k1") -> Markup:
    """Draw how full a limit is; over the limit is full."""
    return Markup(
        '<svg class="meter" viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" width="{}" height="5"/></svg>'
    ).format(mark, f"{min(100.0, 100 * value / max(most, 1)):.1f}")


class Tick(msgspec.Struct, frozen=True):
    """A mark on a gauge, in per cent of the whole; `mark` is its class."""

    at: int
    mark: str


def gauge(used: int, most: int, *, mark: str = "k1", kept: int = 0, ticks: Sequence[Tick] = ()) -> Markup:
    """Draw what is used of something, what of its end is kept for others, and marks; the words stand beside it."""
    part = min(100.0, 100 * used / max(most, 1))
    parts = [
        Markup('<rect class="bg" width="100" height="10"/>'),
        Markup('<rect class="kp" x="{}" width="{}" height="10"/>').format(
            f"{100 - 100 * kept / max(most, 1):.1f}", f"{100 * kept / max(most, 1):.1f}"
        ),
        Markup('<rect class="{}" width="{}" height="10"/>').format(mark, f"{part:.1f}"),
        *(
            Markup('<rect class="{}" x="{}" width="0.6" height="10"/>').format(tick.mark, min(max(tick.at, 0), 99))
            for tick in ticks
        ),
    ]
    return Markup(
        '<svg class="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(Markup("").join(parts))


def qr(text: str, sentence: str) -> Markup:
    """Draw a text for a camera: dark on light in both themes, else few apps read it."""
    code = segno.make(text, micro=False, error="m")
    width, _ = code.symbol_size(border=4)
    squares = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix_iter(border=4)) for x, dark in enumerate(row) if dark
    )
    return Markup(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="{}"/></svg>'
    ).format(sentence, width, width, squares)


def _column(one: Series, at: int, label: str, box: tuple[float, float, float, float]) -> Markup:
    x, y, width, height = (f"{size:.1f}" for size in box)
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}, {}: {}</title></rect>'
    ).format(one.mark, x, y, width, height, label, one.name, one.values[at])


def _grid(top: int) -> Markup:
    lines = []
    for quarter in range(5):
        y = f"{BOTTOM - (BOTTOM - TOP) * quarter / 4:.1f}"
        lines.append(
            Markup(
                '<line class="gl" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="ax" x="28" y="{}" text-anchor="end">{}</text>'
            ).format(LEFT, RIGHT, y, y, f"{float(y) + 4:.1f}", top * quarter // 4)
        )
    return Markup("").join(lines)


def _svg(sentence: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="ch" viewBox="0 0 {} {}" role="img" aria-label="{}" width="{}" height="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, sentence, WIDTH, HEIGHT, Markup("").join(parts))


def _ceiling(most: int) -> int:
    """Return a number above, in four equal whole steps."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2500, 5000, 10_000):
        if most <= 4 * step:
            return 4 * step
    return -(-most // 4) * 4
