"""`importer doctor`: whether this machine, its settings and its keys are fit for an import."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from importer import system
from importer.cli import config, options, output
from importer.cli.inspect import asked_in, surveys
from importer.cli.output import next_command
from importer.errors import ExitStatus, ImporterError, UsageError
from importer.model import LOOK, OK, WRONG, Check, counted, duration
from importer.settings import API_KEY, WRITE_KEY, Endpoint, Network

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.mapping import Document

_FULL, _TIGHT = 50_000_000, 500_000_000
"""Bytes free on the ledger's disk: fewer than the first stop an import, fewer than the second soon may."""
_SHARED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
"""File systems of a network, on which SQLite's locks can't be relied on (sqlite.org/faq.html, 5)."""
_SKEW = 300.0


@click.command("doctor")
@click.option("-m", "--mapping", metavar="MAPPING", help="Hold this mapping to the survey, too.")
@click.option("--offline", is_flag=True, help="Make no connection.")
@click.option("--key-file", type=options.FILE, help="A file that holds the write key (0600).")
@click.option("--notify", type=str, multiple=True, help="See whether this kind is set up.")
@click.option(
    "--notify-file", type=options.FILE, help="A file that holds IMPORTER_NOTIFY_… lines (0600)."
)
@options.reading
@options.target
def doctor_command(**given: Unpack[Given]) -> ExitStatus:
    """Look at all that an import needs: Python, the ledger's folder, the clock, the proxy, TLS, keys, survey.

    Changes and stores nothing; no key is shown. It asks the server for its bare address, and with an API
    key for the surveys. Exit code 0: fit, maybe with something to look at; 2: something is wrong.

    \b
    importer doctor
    importer doctor -m mapping.yaml --notify slack
    importer doctor --offline --json
    """
    settings = _settings()
    status = told(_checks(given), as_json=given["as_json"], settings=settings)
    if given["as_json"]:
        return status
    if settings:
        output.heading("Settings that are not the defaults")
        output.table(("setting", "value", "from"), [tuple(each.values()) for each in settings])
    if status == ExitStatus.USAGE:
        output.next_step(next_command("doctor", why="once that is mended"))
    elif given["mapping"]:
        output.next_step(next_command("plan", "FILE"))
    else:
        output.next_step(next_command("init", "FILE", why="writes a mapping"))
    return status


def told(checks: Iterable[Check], *, as_json: bool, **more: object) -> ExitStatus:
    """Say what was looked at (as JSON with `more`); returns whether something is wrong."""
    found = list(checks)
    wrong = any(each.state == WRONG for each in found)
    status = ExitStatus.USAGE if wrong else ExitStatus.DONE
    if as_json:
        told = {"checks": [asdict(each) for each in found], **more}
        output.emit({**told, "exit_code": int(status)})
        return status
    colours = {OK: "green", LOOK: "yellow", WRONG: "red"}
    for each in found:
        state = output.style(f"{each.state:<5}", fg=colours[each.state])
        output.say(f"{state}  {each.name}: {each.found}")
        if each.remedy:
            output.say(f"       → {each.remedy}")
    return status


def _checks(given: Given) -> Iterator[Check]:
    yield _python()
    yield _packages()
    for path in (config.users_file(), config.folders_file()):
        if path.is_file():
            yield _tried(str(path), partial(_read, path))
    for each in config.misnamed():
        yield Check("environment", LOOK, each)
    state = given["state"]
    yield from _folder(state)
    yield from _shared_ledger(offline=given["offline"])
    try:
        endpoint, network = Endpoint.parse(given["endpoint"]), options.network_of(given)
    except UsageError as error:
        yield Check("server", WRONG, error.message, error.hint)
        return
    yield _tried("proxy", partial(_proxy, network, endpoint.url))
    yield _tried("authorities (TLS)", partial(_authorities, network))
    if not given["offline"]:
        yield from _server(network, endpoint)
    yield _tried("write key", partial(_write_key, given), LOOK)
    document = None
    if given["mapping"]:
        document, check = _mapping(given["mapping"])
        yield check
    yield from _survey(given, document)
    yield from _notices(given)


def _tried(name: str, look: Callable[[], str], state: str = WRONG) -> Check:
    """What `look` finds; its UsageError is what is wrong."""
    try:
        found = look()
    except ImporterError as error:
        return Check(name, state, error.message, error.hint)
    return Check(name, OK, found)


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()}, {sys.executable}"
    if not system.MODES:
        return Check("Python", LOOK, found, "Some guards are weaker on Windows: docs/systems.md")
    return Check("Python", OK, found)


def _packages() -> Check:
    """Those that the importer itself asks for, without its extras."""
    import re
    from importlib.metadata import PackageNotFoundError, requires, version

    found, missing = [], []
    for line in requires("satismeter-importer") or []:
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        if "extra ==" in line:
            continue
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", WRONG, f"missing: {', '.join(missing)}", "Install it again.")
    return Check("packages", OK, ", ".join(found))


def _read(path: Path) -> str:
    return f"sets {', '.join(config.checked(path)) or 'nothing'}"


def _settings() -> list[dict[str, str]]:
    """Every setting of a run or a watch that is not the default, and where it comes from."""
    said: dict[str, tuple[object, str]] = {}
    for path in (config.users_file(), config.folders_file()):
        with suppress(UsageError):  # told above
            said |= {key: (value, str(path)) for key, value in config.checked(path).items()}
    for key in config.KEYS:
        name = f"{config.PREFIX}{key.upper()}"
        if os.environ.get(name):
            said[key] = (os.environ[name], name)
    return [
        {
            "setting": key,
            "value": "***" if key in ("proxy", "ledger") else str(value),
            "from": where,
        }
        for key, (value, where) in sorted(said.items())
    ]


def _shared_ledger(*, offline: bool) -> Iterator[Check]:
    """What `importer ledger check` says, where --ledger names one."""
    shared = options.where(None)
    if isinstance(shared, Path) or offline:
        return
    try:
        from importer.ledger.postgres import PostgresLedger, findings

        with PostgresLedger.opened(shared.address) as ledger:
            yield from findings(ledger)
        if config.hash_key() is None:
            yield Check("hash key", WRONG, "a shared ledger needs one", "Set SATISMETER_HASH_KEY.")
    except ImporterError as error:
        yield Check("shared ledger", WRONG, error.message, error.hint)


def _folder(state: Path | None) -> Iterator[Check]:
    from importer.ledger import default_folder, size

    folder = (state or default_folder()).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    name = "ledger's folder"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield Check(name, WRONG, f"{there} can't be written", "Name another with --state DIR.")
        return
    if there != folder:
        yield Check(name, OK, f"{folder}, which the first run makes: nothing was sent from it yet")
    elif system.MODES and folder.stat().st_uid != system.user():
        yield Check(name, LOOK, f"{folder} is another user's", "Run as that user, or name --state.")
    elif system.MODES and folder.stat().st_mode & 0o077:
        told = f"{folder} can be looked into by others"
        yield Check(name, LOOK, told, f"chmod 700 {folder}")
    else:
        yield Check(name, OK, f"{folder}, ledger of {size(folder) / 1e6:,.1f} MB")
    yield _disk(there)
    if (kind := _file_system(there)) in _SHARED:
        remedy = "Keep the ledger on a local disk: two machines' locks on it can't be relied on."
        yield Check("disk's kind", LOOK, f"{kind}, of a network", remedy)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    state = WRONG if free < _FULL else LOOK if free < _TIGHT else OK
    remedy = "" if state == OK else "Make room: nothing is posted that can't be written down first."
    return Check("disk", state, f"{free / 1e9:,.1f} GB free", remedy)


def _file_system(folder: Path) -> str:
    """Its kind, such as `nfs4`; "" where the system doesn't say."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    mounts = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    over = [
        (place, kind)
        for place, kind in mounts
        if folder.resolve().is_relative_to(place.replace("\\040", " "))
    ]
    return max(over, key=lambda each: len(each[0]))[1] if over else ""


def _proxy(network: Network, url: str) -> str:
    """Without the user and the password."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies_environment

    from importer import http

    named = [f"{each.upper()}_PROXY" for each in getproxies_environment() if each != "no"]
    if proxy := http.proxy_for(network, url):
        by = "--proxy" if network.proxy else "the environment"
        return f"{urlsplit(proxy).hostname}:{urlsplit(proxy).port or ''}, by {by}"
    unused = f"; set, and not used for this address: {', '.join(named)}" if named else ""
    return f"none{unused}"


def _authorities(network: Network) -> str:
    from importer import http

    http.trusted(network)
    given = [os.environ.get(http.CA_FILE, ""), str(network.ca_file or "")]
    others = [each for each in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(each)]
    unused = f"; set and not used: {', '.join(others)} (name --ca-file)" if others else ""
    return f"{' and '.join(filter(None, given)) or 'those of the system'}{unused}"


def _server(network: Network, endpoint: Endpoint) -> Iterator[Check]:
    """One request for the server's bare address, with no key and no body."""
    from email.utils import parsedate_to_datetime

    from importer import http

    try:
        status, date = http.run(_asked(network, endpoint.origin))
    except ImporterError:
        return  # the proxy or the authorities, as told
    except Exception as error:  # noqa: BLE001  whatever aiohttp raises is told by its kind
        why = http.fault_of(error, proxied=bool(http.proxy_for(network, endpoint.url)))
        remedy = "Try it in a browser; docs/delivery.md says more under Proxies."
        yield Check("server", WRONG, f"{endpoint.origin}: {why.value}", remedy)
        return
    yield Check("server", OK, f"{endpoint.origin} answers ({status})")
    with suppress(TypeError, ValueError):
        skew = time.time() - parsedate_to_datetime(date).timestamp()
        wrong = abs(skew) > _SKEW
        told = f"{duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} the server's"
        remedy = "Set this machine's clock: rows in doubt are looked for by time." if wrong else ""
        yield Check("clock", WRONG if wrong else OK, told if wrong else "as the server's", remedy)


async def _asked(network: Network, origin: str) -> tuple[int, str]:
    import aiohttp

    from importer import http

    limit = aiohttp.ClientTimeout(total=15)
    async with (
        http.session(network, origin, timeout=limit) as session,
        session.get(f"{origin}/", allow_redirects=False) as response,
    ):
        return response.status, response.headers.get("Date", "")


def _write_key(given: Given) -> str:
    config.write_key(given["key_file"])
    if given["key_file"]:
        return f"from {given['key_file']}"
    return f"from {WRITE_KEY if os.environ.get(WRITE_KEY) else '.env'}"


def _mapping(named: str) -> tuple[Document | None, Check]:
    from importer.mapping import load

    try:
        document = load(named)
    except ImporterError as error:
        return None, Check(
            "mapping", WRONG, error.message.splitlines()[0], f"importer check {named}"
        )
    return document, Check("mapping", OK, f"{named}, {counted(len(document.answers), 'question')}")


def _survey(given: Given, document: Document | None) -> Iterator[Check]:
    """What the API key opens, and whether the mapping's survey asks what the mapping answers."""
    name = "API key"
    try:
        access = options.read_access(given)
        if access is None:
            found = f"none, or no project ({API_KEY}, {config.PROJECT}): optional"
            yield Check(name, OK, f"{found}; with both, rows in doubt settle themselves")
            return
        if given["offline"]:
            yield Check(name, OK, "there; not tried")
            return
        known = {each.id: each.name for each in surveys(given)}
        yield Check(name, OK, f"reads {counted(len(known), 'survey')} of project {access[1]}")
        if document:
            yield from _asks(given, document, known)
    except ImporterError as error:
        yield Check(name, WRONG, error.message, error.hint)


def _asks(given: Given, document: Document, known: Mapping[str, str]) -> Iterator[Check]:
    value = document.campaign.value
    if value is None:
        return  # a column says it, row by row
    campaign = value.text
    if campaign not in known:
        found = f"the project has no survey {campaign}"
        yield Check("survey", WRONG, found, next_command("surveys"))
        return
    asked = {each.id: each for each in asked_in(given, campaign)}
    for answer in document.answers:
        id_ = document.question(answer.id)
        if id_ and id_ not in asked:
            remedy = next_command("surveys", campaign=campaign)
            yield Check("question", WRONG, f"{known[campaign]} asks no {id_}", remedy)
        elif id_ and (answer.type == "text") != (asked[id_].type in _TEXTS):
            found = f"{id_} is {answer.type} here, and {asked[id_].type} in the survey"
            yield Check("question", LOOK, found, "Compare `type:` in the mapping.")
    yield Check("survey", OK, f"{known[campaign]} ({campaign})")


_TEXTS = {"text", "open", "comment", "long-text", "long", "short"}


def _notices(given: Given) -> Iterator[Check]:
    from importer.automation import KINDS, VARIABLES

    kinds = given["notify"] or [each for each in KINDS if os.environ.get(VARIABLES[each])]
    for kind in kinds:
        if kind not in KINDS:
            yield Check(
                "notices", WRONG, f"no kind is called {kind}", f"Choose of {', '.join(KINDS)}."
            )
            continue
        name = f"notices by {kind}"
        yield _tried(name, partial(_set_up, kind, given))


def _set_up(kind: str, given: Given) -> str:
    from importer.automation import notify_target
    from importer.cli.unattended import variables

    notify_target(kind, variables(given))
    return "set up (not tried)"
