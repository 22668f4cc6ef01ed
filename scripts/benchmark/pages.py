"""The figures as Markdown, written into the pages that show them: docs/benchmarks.md and README.md.

Works from what `--json` writes, so figures of an earlier run can be shown again. It may not measure anything.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from .frameworks import FLOOR, REFERENCE, SUBJECT
from .measure import Result
from .report import geometric_mean, rows
from .scenarios import SCENARIOS
from .startup import ABOUT

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
PLOT = ROOT / "docs" / "benchmarks.svg"

NAMES = {
    "fastapi": "FastAPI",
    "fastlayer": "FastLayer",
    "starlette": "Starlette by hand",
    "litestar": "Litestar",
    "blacksheep": "BlackSheep",
    "falcon": "Falcon",
    "bare": "bare function",
}
IN_README = ("hello", "params", "body", "deps", "sync", "list", "upload", "error", "routes_last", "sse")

Content = dict[str, Any]


def insert(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the two comments that mark the place of `name`.

    Raises:
        ValueError: there is no such place.
    """
    place = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no place for {name!r}: <!-- bench: {name} --> ... <!-- end -->")
    return place.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text, count=1)


def results(content: Content) -> list[Result]:
    """Return the in-process figures that `--json` wrote."""
    return [Result(**{**row, "rounds": tuple(row["rounds"])}) for row in content["scenarios"]]


def table(heads: list[str], lines: Iterable[list[str]]) -> str:
    """Return a Markdown table; all columns but the first hold numbers."""
    rule = ["---", *["--:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def origin(content: Content) -> str:
    """Return where and when the figures were taken, with which versions."""
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    date = content["date"].partition("T")[0]
    return f"Taken on {date}: {content['machine']}; {content['rounds']} rounds. Versions: {versions}."


def scenarios(content: Content) -> str:
    """Return the in-process figures: all frameworks, the fastest of each row in bold, and where a peer wins."""
    found = rows(results(content))
    names = [name for name in NAMES if any(name in row for row in found.values())]
    lines, lost = [], []
    for scenario, row in found.items():
        fastest = min((one for one in row.values() if one.framework != FLOOR), key=lambda one: one.microseconds)
        cells = [_cell(row.get(name), name == fastest.framework) for name in names]
        lines.append([f"`{scenario}`: {SCENARIOS[scenario].about}", *cells, _times(row)])
        lost += [f"`{scenario}` ({', '.join(peers)})" for peers in [_faster(row)] if peers]
    wins = f"A peer is faster than FastLayer in: {'; '.join(lost)}." if lost else ""
    parts = [origin(content), "Microseconds per request, the fastest framework in bold:"]
    parts += [table(["", *(NAMES[name] for name in names), "times FastAPI"], lines), _mean(found), wins]
    return "\n\n".join(part for part in parts if part)


def _cell(result: Result | None, is_fastest: bool) -> str:
    if result is None:
        return "-"
    return f"**{figure(result.microseconds)}**" if is_fastest else figure(result.microseconds)


def _times(row: dict[str, Result]) -> str:
    ratio = row[SUBJECT].ratio if SUBJECT in row else None
    return f"{ratio:.1f}" if ratio is not None else "-"


def _faster(row: dict[str, Result]) -> list[str]:
    subject = row.get(SUBJECT)
    peers = [one for one in row.values() if subject and one.framework not in (FLOOR, SUBJECT)]
    return [
        f"{NAMES[one.framework]} {subject.microseconds / one.microseconds:.2f}x"
        for one in peers
        if subject and one.microseconds < subject.microseconds
    ]


def _mean(found: dict[str, dict[str, Result]]) -> str:
    ratios = [row[SUBJECT].ratio for row in found.values() if SUBJECT in row]
    mean = geometric_mean(ratio for ratio in ratios if ratio is not None)
    return f"Geometric mean over the rows: {mean:.1f} times FastAPI's speed." if mean is not None else ""


def summary(content: Content) -> str:
    """Return the rows of the front page: FastAPI's and FastLayer's figures, and how many times faster."""
    found = rows(results(content))
    lines = [
        [SCENARIOS[name].about, *(_cell(row.get(one), False) for one in (REFERENCE, SUBJECT)), f"**{_times(row)}x**"]
        for name in IN_README
        if (row := found.get(name))
    ]
    about = f"{content['machine']}, {content['date'].partition('T')[0]}. {_mean(found)}".strip()
    return table(["microseconds per request, in memory", "FastAPI", "FastLayer", ""], lines) + f"\n\n{about}"


def http(content: Content) -> str:
    """Return requests per second over HTTP."""
    found = content["http"]
    names = [name for name in NAMES if any(name in row["requests_per_second"] for row in found)]
    lines = []
    for row in found:
        figures = row["requests_per_second"]
        cells = [f"{median(figures[name]):,.0f}" if name in figures else "-" for name in names]
        lines.append([f"`{row['scenario']}`", *cells, f"{row['ratio']:.1f}" if row["ratio"] else "-"])
    heads = ["", *(NAMES[name] for name in names), "times FastAPI"]
    return f"{origin(content)} Loaded with {found[0]['tool']}.\n\nRequests per second:\n\n{table(heads, lines)}"


def startup(content: Content) -> str:
    """Return what a start costs."""
    found = content["startup"]
    names = [name for name in NAMES if any(name in row["rounds"] for row in found)]
    lines = [
        [
            ABOUT[row["what"]],
            *(figure(median(row["rounds"][name])) for name in names),
            f"{row['ratio']:.2f}" if row["ratio"] else "-",
        ]
        for row in found
    ]
    return f"{origin(content)}\n\n{table(['', *(NAMES[name] for name in names), 'ratio'], lines)}"


def scaling(content: Content) -> str:
    """Return what a request costs when more is registered."""
    lines = [
        [f"{row['size']:,} {row['what']}", NAMES[row["framework"]], figure(row["microseconds"]), f"{row['calls']:,.0f}"]
        for row in content["scaling"]
    ]
    return f"{origin(content)}\n\n{table(['registered', 'framework', 'microseconds', 'Python calls'], lines)}"


SECTIONS: dict[str, Callable[[Content], str]] = {
    "scenarios": scenarios,
    "http": http,
    "startup": startup,
    "scaling": scaling,
}


def write(content: Content, page: Path = PAGE, readme: Path = README) -> None:
    """Write the parts that `content` has into the pages; the others keep what they show."""
    text = page.read_text()
    for name, section in SECTIONS.items():
        if name in content:
            shown = section(content)
            if name == "scenarios":
                shown += f"\n\n![Times FastAPI's speed, by scenario and framework]({PLOT.name})"
            text = insert(text, name, shown)
    page.write_text(text)
    if "scenarios" in content:
        readme.write_text(insert(readme.read_text(), "summary", summary(content)))
