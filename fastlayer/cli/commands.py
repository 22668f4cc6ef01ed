"""The commands and their options. What they do is in the modules beside this one."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from .. import FastLayer, FastLayerError, __version__
from ..diagnostics import Finding, diagnose
from . import documents, listing, loading, plans, project, serving
from .problems import FAILURE, USAGE, Problem

cli = typer.Typer(
    name="fastlayer",
    help="Run, inspect and check FastLayer applications.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

App = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        show_default=False,
        help="module:name, a file or a folder. By default: entrypoint below \\[tool.fastlayer] in pyproject.toml, or"
        " main.py, app.py, api.py here or in a package.",
    ),
]
AsFastapi = Annotated[
    bool, typer.Option("--as-fastapi", help="Let [bold]import fastapi[/bold] give FastLayer in the application.")
]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")]
RootPath = Annotated[str, typer.Option(help="Path under which a proxy serves the application.")]
ProxyHeaders = Annotated[bool, typer.Option(help="Believe X-Forwarded-Proto and -For of allowed addresses.")]
AllowIps = Annotated[
    str | None, typer.Option(help="Addresses of proxies to believe, with commas; * for all.", show_default="127.0.0.1")
]
LogLevel = Annotated[serving.LogLevel | None, typer.Option(help="How much is logged.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def loaded(app: str | None, as_fastapi: bool) -> loading.Loaded:
    return loading.load(loading.find(app, Path.cwd()), as_fastapi=as_fastapi)


def ours(app: str | None, as_fastapi: bool) -> FastLayer:
    return loading.described(loaded(app, as_fastapi).app)


@cli.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"FastLayer {__version__}")
        raise typer.Exit


@cli.command()
def dev(
    app: App = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    reload: Annotated[bool, typer.Option(help="Start again when a file changes.")] = True,
    reload_dir: Annotated[list[Path] | None, typer.Option(help="One more folder to watch; may be repeated.")] = None,
    root_path: RootPath = "",
    proxy_headers: ProxyHeaders = True,
    log_level: LogLevel = None,
    as_fastapi: AsFastapi = False,
) -> None:
    """Serve while developing: on this machine only, started again on every change."""
    settings = serving.Settings(
        host=host,
        port=port,
        reload=reload,
        reload_dirs=tuple(reload_dir or ()),
        root_path=root_path,
        proxy_headers=proxy_headers,
        log_level=log_level,
        as_fastapi=as_fastapi,
    )
    serving.serve(loaded(app, as_fastapi), settings, Console())


@cli.command()
def run(
    app: App = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    uds: Annotated[str | None, typer.Option(help="Unix socket to listen on, instead of host and port.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.", show_default="$WEB_CONCURRENCY, or 1")
    ] = None,
    root_path: RootPath = "",
    proxy_headers: ProxyHeaders = True,
    forwarded_allow_ips: AllowIps = None,
    log_level: LogLevel = None,
    as_fastapi: AsFastapi = False,
) -> None:
    """Serve in production."""
    settings = serving.Settings(
        host=host,
        port=port,
        uds=uds,
        workers=workers,
        root_path=root_path,
        proxy_headers=proxy_headers,
        forwarded_allow_ips=forwarded_allow_ips,
        log_level=log_level,
        as_fastapi=as_fastapi,
    )
    serving.serve(loaded(app, as_fastapi), settings, Console())


@cli.command()
def routes(
    app: App = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the document and the pages FastLayer adds.")] = False,
    as_json: AsJson = False,
    as_fastapi: AsFastapi = False,
) -> None:
    """List the routes in the order they are tried: method, path, endpoint, what they need."""
    found = [row for row in listing.rows(loaded(app, as_fastapi).app) if everything or not row.is_built_in]
    if as_json:
        print(json.dumps([row._asdict() for row in found], indent=2))
        return
    console = Console()
    console.print(listing.table(found, console.width))


@cli.command()
def openapi(
    app: App = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write, instead of stdout.")] = None,
    kind: Annotated[
        documents.Format | None, typer.Option("--format", help="json or yaml.", show_default="by the file, or json")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="OpenAPI version: 3.0.x, 3.1.x or 3.2.x.", show_default="the app's")
    ] = None,
    as_fastapi: AsFastapi = False,
) -> None:
    """Write the OpenAPI document."""
    is_yaml = output is not None and output.suffix in (".yaml", ".yml")
    text = documents.text(documents.document(ours(app, as_fastapi), version), kind or ("yaml" if is_yaml else "json"))
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise Problem(f"cannot write {output}: {exc.strerror}", FAILURE) from exc


@cli.command()
def check(
    app: App = None,
    silence: Annotated[list[str] | None, typer.Option(help="Code to leave out; may be repeated.")] = None,
    as_json: AsJson = False,
    as_fastapi: AsFastapi = False,
) -> None:
    """Look for probable mistakes. Ends with status 1 if there are any; also mounted applications are looked at."""
    found = [finding for one in applications(ours(app, as_fastapi)) for finding in _checked(one, silence or [])]
    if as_json:
        print(json.dumps([{**finding._asdict(), "severity": finding.severity} for finding in found], indent=2))
    else:
        _print_findings(found, Console())
    raise typer.Exit(FAILURE if found else 0)


def applications(app: Any) -> Iterator[FastLayer]:
    """The application, and those mounted in it."""
    if isinstance(app, FastLayer):
        yield app
    for route in getattr(app, "routes", ()):
        if not hasattr(route, "endpoint"):
            yield from applications(getattr(route, "app", None))


def _checked(app: FastLayer, silence: list[str]) -> list[Finding]:
    app.silence = app.silence | frozenset(silence)
    found = diagnose(app)
    app.openapi()  # what cannot be described is reported as any other error
    return found


def _print_findings(found: list[Finding], console: Console) -> None:
    for finding in found:
        style = "red" if finding.severity == "error" else "yellow"
        console.print(f"[{style}]{finding.code} {finding.severity}[/{style}]", highlight=False)
        for line in (finding.message, f"in {finding.place}" if finding.place else "", finding.remedy):
            console.print(
                line, markup=False, highlight=False, soft_wrap=not console.is_terminal, end="\n" if line else ""
            )
        console.print()
    count = len(found)
    console.print("No findings." if not count else f"{count} finding{'' if count == 1 else 's'}.", highlight=False)


@cli.command()
def plan(
    path: Annotated[str, typer.Argument(help="Path of a route, as written or as requested: /items/{id} or /items/1.")],
    app: App = None,
    method: Annotated[str | None, typer.Option("--method", "-m", help="Only the operation of this method.")] = None,
    as_fastapi: AsFastapi = False,
) -> None:
    """Print what happens for a request, step by step, as the route was compiled."""
    application = ours(app, as_fastapi)
    console = Console()
    for route in plans.routes_at(application, path, method):
        for line in plans.lines(route, application):
            console.print(line, soft_wrap=not console.is_terminal)


@cli.command()
def new(folder: Annotated[Path, typer.Argument(help="Folder to make; its name is the project's.")]) -> None:
    """Write a small project that runs at once: an application, tests, pyproject.toml."""
    written = project.write(folder)
    for file in written:
        print(file)
    print(f"\nNext: cd {folder} && fastlayer dev")


# The error of wrong arguments, which typer has no public name for.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def run_command() -> None:
    """Run the command; what went wrong is one line on stderr and an exit status of 1 or 2."""
    try:
        status = cli(prog_name="fastlayer", standalone_mode=False)
    except UsageError as exc:
        if not str(exc):  # without any argument; the help is printed already
            raise SystemExit(USAGE) from None
        stop(_explained(exc), USAGE)
    except Problem as exc:
        stop(str(exc), exc.status)
    except FastLayerError as exc:
        stop(str(exc), FAILURE)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    else:
        raise SystemExit(status or 0)


def _explained(error: Any) -> str:
    """What is wrong with the arguments, and where to look, in one line."""
    message = " ".join(error.format_message().split()).removesuffix(".")
    where = error.ctx.command_path if error.ctx is not None else "fastlayer"
    return f"{message}; `{where} --help` says more"


def stop(message: str, status: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(status)
