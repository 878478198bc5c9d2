"""One chart: the CPU that a row costs, as plain SVG that follows the reader's light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from benchmarks.report import Standing

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 790, 220, 90, 64, 28
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .soft { fill: #59636e; font-size: 12px }
  .line { stroke: #d1d9e0 }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  .name { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
    .line { stroke: #3d444d }
    .bar { fill: #656c76 }
    .ours { fill: #4493f8 }
  }
"""


def svg(standings: Sequence[Standing], whole: Sequence[str], ours: str) -> str:
    """Bars on a logarithmic scale, the dearest first. `whole` are those that do the whole job."""
    scale = _Scale(standings)
    height = _TOP + _STEP * len(standings) + 48
    bars = "".join(
        _bar(each, _TOP + _STEP * at, scale, each.peer == ours, each.peer in whole)
        for at, each in enumerate(standings)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="CPU time per row of each client">\n<style>{_STYLE}</style>\n'
        '<text class="title" x="12" y="26">CPU of the whole client process, µs per row '
        "(less is better)</text>\n"
        '<text class="soft" x="12" y="46">a server on the same machine that answers at once, '
        "32 in flight; each step to the right is ten times as much</text>\n"
        f"{scale.lines(height - 40)}{bars}"
        f'<text class="soft" x="12" y="{height - 14}">* does the whole job: reads and maps the file, '
        "posts, writes results. The others post ready-made bodies or map less.</text>\n</svg>\n"
    )


class _Scale:
    def __init__(self, standings: Sequence[Standing]) -> None:
        figures = [each.cpu_us for each in standings]
        self.first = int(log10(min(figures)))
        self.last = int(log10(max(figures))) + 1

    def x(self, value: float) -> float:
        share = (log10(value) - self.first) / (self.last - self.first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def lines(self, bottom: int) -> str:
        return "".join(
            f'<line class="line" x1="{self.x(10**power):.0f}" x2="{self.x(10**power):.0f}" '
            f'y1="{_TOP - 6}" y2="{bottom}"/><text class="soft" text-anchor="middle" '
            f'x="{self.x(10**power):.0f}" y="{bottom + 12}">{10**power:,}</text>\n'
            for power in range(self.first, self.last + 1)
        )


def _bar(standing: Standing, y: int, scale: _Scale, ours: bool, whole: bool) -> str:
    end = scale.x(standing.cpu_us)
    name = escape(standing.peer) + (" *" if whole else "")
    return (
        f'<text class="{"name" if ours else ""}" text-anchor="end" x="{_LEFT - 10}" y="{y + 15}">'
        f'{name}</text><rect class="{"ours" if ours else "bar"}" x="{_LEFT}" y="{y + 2}" '
        f'width="{max(end - _LEFT, 1):.0f}" height="18" rx="2"/>'
        f'<text x="{end + 6:.0f}" y="{y + 15}">{standing.cpu_us:,.0f}</text>\n'
    )
