"""The figures as an SVG: per scenario one bar for each framework, times FastAPI's speed, on a logarithmic scale.

Written by hand, so that the docs need no plotting library. It may not measure anything.
"""

from math import log10

from .frameworks import REFERENCE, SUBJECT
from .measure import Result
from .report import rows

_LEFT, _RIGHT, _TOP, _WIDTH = 120, 90, 56, 860
_BAR, _GAP = 9, 12
_COLORS = {
    "fastapi": "#8a8f98",
    "fastlayer": "#0f9d76",
    "starlette": "#c28f1c",
    "litestar": "#7a6ff0",
    "blacksheep": "#d1603d",
    "falcon": "#3b8fd4",
    "bare": "#b8bcc4",
}
_STYLE = """<style>
text { font: 11px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 14px; font-weight: 600; }
.grid { stroke: #d0d7de; } .one { stroke: #57606a; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .grid { stroke: #30363d; } .one { stroke: #8b949e; }
}
</style>"""


class _Scale:
    """Maps a ratio to a horizontal place; one decade either side of what occurs."""

    def __init__(self, ratios: list[float]) -> None:
        self.low = min(-1, *(int(log10(ratio)) - 1 for ratio in ratios if ratio < 1), 0)
        self.high = max(1, *(int(log10(ratio)) + 1 for ratio in ratios), 1)

    def place(self, ratio: float) -> float:
        share = (log10(ratio) - self.low) / (self.high - self.low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def draw(results: list[Result], names: list[str]) -> str:
    """Return the SVG document; frameworks without a ratio to FastAPI are left out."""
    table = rows(result for result in results if result.ratio)
    if not table:
        raise ValueError(f"nothing to draw: the ratios need {REFERENCE} in the run")
    scale = _Scale([result.ratio for row in table.values() for result in row.values() if result.ratio])
    parts, top = [], float(_TOP)
    for scenario, row in table.items():
        bars = [row[name] for name in names if name in row and name != REFERENCE]
        parts.append(_text(_LEFT - 8, top + len(bars) * _BAR / 2 + 4, scenario, "end"))
        for result in bars:
            parts.append(_bar(result, top, scale))
            top += _BAR
        top += _GAP
    title = _text(
        8, 18, "Times FastAPI's speed, in memory, same requests (logarithmic; longer is faster)", kind="title"
    )
    body = [title, *_legend([name for name in names if name != REFERENCE]), *_grid(scale, top), *parts]
    size = f'viewBox="0 0 {_WIDTH} {top + 24:.0f}" role="img" aria-label="FastLayer against FastAPI and its peers"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{_STYLE}\n' + "\n".join(body) + "\n</svg>\n"


def _text(x: float, y: float, content: str, anchor: str = "start", kind: str = "label") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{content}</text>'


def _bar(result: Result, top: float, scale: _Scale) -> str:
    one, end = scale.place(1), scale.place(result.ratio or 1)
    left, width = min(one, end), max(1.0, abs(end - one))
    color = _COLORS.get(result.framework, "#8a8f98")
    title = f"<title>{result.framework}, {result.scenario}: {result.microseconds:,.1f} us, {result.ratio:.2f}x</title>"
    bar = f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_BAR - 1}" fill="{color}">{title}</rect>'
    label = _text(max(one, end) + 4, top + _BAR - 1, f"{result.ratio:.1f}x")
    return bar + label if result.framework == SUBJECT else bar


def _legend(names: list[str]) -> list[str]:
    parts, left = [], float(_LEFT)
    for name in names:
        parts.append(f'<rect x="{left:.1f}" y="30" width="10" height="10" fill="{_COLORS.get(name, "#8a8f98")}"/>')
        parts.append(_text(left + 14, 39, name))
        left += 90
    return parts


def _grid(scale: _Scale, bottom: float) -> list[str]:
    parts = []
    for power in range(scale.low, scale.high + 1):
        x = scale.place(10.0**power)
        kind = "one" if power == 0 else "grid"
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom:.1f}" class="{kind}"/>')
        parts.append(_text(x, bottom + 14, f"{10.0**power:g}x", "middle"))
    return parts
