"""Each definition is taken by the tool it is for, and starts the very command it should."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import warnings
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest
import yaml
from croniter import croniter  # type: ignore[import-untyped]  # it has none

from importer.automation.schedule import RENDERED, Task, When

NASTY = Path("/srv/50% of 'all' $HOME/{{ in box }}")


def task(folder: bool = True, source: Path = Path("/srv/in")) -> Task:
    return Task(
        name="nightly",
        source=source,
        folder=folder,
        mapping="/srv/mapping.yaml",
        when=When.at("02:30"),
        program="/usr/bin/env",
        state=Path("/var/lib/importer"),
        more=("--notify", "slack"),
    )


TASKS = [task(), task(folder=False, source=Path("/srv/a.csv")), task(source=NASTY)]


@pytest.mark.parametrize("kind", RENDERED)
@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_no_key_stands_in_a_definition_and_its_place_is_named(kind: str, one: Task) -> None:
    text = RENDERED[kind](one)

    assert any(word in text for word in ("write-key", "SATISMETER_WRITE_KEY"))
    assert "nightly" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_systemd(one: Task, tmp_path: Path) -> None:
    _, *parts = RENDERED["systemd"](one).split("# ---- ")
    for part in parts:
        name, _, text = part.partition("\n")
        (tmp_path / name).write_text(text)

    units = [str(path) for path in tmp_path.glob("satismeter-*")]
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(units) == 2
    assert (
        ended.returncode,
        [line for line in ended.stderr.splitlines() if "nightly" in line],
    ) == (
        0,
        [],
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_finds_the_program_whatever_its_path(tmp_path: Path) -> None:
    """$ is no variable there: `systemd-analyze verify` looks for the file."""
    program = tmp_path / "cost $HOME of 100%" / "importer"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    test_systemd(replace(task(), program=str(program)), tmp_path / "cost $HOME of 100%")


@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_cron(one: Task) -> None:
    (line,) = [x for x in RENDERED["cron"](one).splitlines() if not x.startswith("#")]
    fields, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]

    assert croniter.is_valid(" ".join(fields))
    plain = command.replace(r"\%", "%")
    assert "%" not in command.replace(r"\%", "")
    assert tuple(shlex.split(plain))[: len(one.local)] == one.local


def schema(name: str) -> Any:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_github(one: Task) -> None:
    document = yaml.load(RENDERED["github"](one), yaml.BaseLoader)

    jsonschema.validate(yaml.safe_load(RENDERED["github"](one)), schema("github-workflows"))
    (step,) = document["jobs"]["import"]["steps"]
    assert tuple(shlex.split(step["run"])) == one.local
    assert croniter.is_valid(document["on"]["schedule"][0]["cron"])


@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_kubernetes(one: Task) -> None:
    claim, job = yaml.safe_load_all(RENDERED["k8s"](one))

    for document in (claim, job):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            kubernetes_validate.validate(document, "1.32", strict=True)
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["importer"]
    inside = "/import/data" if one.folder else "/import/data/a.csv"
    verb = ["watch", inside] if one.folder else ["run", inside]
    assert container["args"][:4] == [*verb, "-m", "/import/mapping.yaml"]


@pytest.mark.parametrize("one", TASKS[:2], ids=["folder", "file"])
def test_pods_that_share_a_ledger_take_the_lanes_of_one_job(one: Task) -> None:
    """A file is posted by several at once; a folder by one, whose ledger outlives it."""
    _, job = yaml.safe_load_all(RENDERED["k8s"](replace(one, shared="postgresql://db/imports")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        kubernetes_validate.validate(job, "1.32", strict=True)
    spec = job["spec"]["jobTemplate"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec.get("parallelism", 1) == (1 if one.folder else 4)
    assert container["args"][0] == ("watch" if one.folder else "work")
    assert "--state" not in container["args"]
    given = {each["name"]: each for each in container["env"]}
    assert given["IMPORTER_LEDGER"]["value"] == "postgresql://db/imports"
    assert given["SATISMETER_HASH_KEY"]["valueFrom"]["secretKeyRef"]["key"] == "hash-key"


@pytest.mark.parametrize("one", TASKS, ids=["folder", "file", "nasty"])
def test_airflow(one: Task) -> None:
    """Airflow itself is too big to be had for a test: the file compiles, and what it hands to the
    operator is looked at."""
    text = RENDERED["airflow"](one)
    tree = ast.parse(text)
    compile(tree, "dag.py", "exec")

    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (operator,) = [c for c in calls if getattr(c.func, "id", "") == "BashOperator"]
    given = {each.arg: each.value for each in operator.keywords}
    command = ast.literal_eval(given["bash_command"])
    plain = command.removeprefix("{% raw %}").removesuffix("{% endraw %}")
    assert ("{" in plain) == (plain != command)
    assert tuple(shlex.split(plain)) == one.local
    assert ast.literal_eval(given["env"]) == {
        "SATISMETER_WRITE_KEY": "{{ conn.satismeter.password }}",
        "IMPORTER_NOTIFY_SLACK": "{{ conn.satismeter.extra_dejson.notify_slack }}",
    }


@pytest.mark.parametrize("kind", RENDERED)
def test_the_addresses_of_notices_go_along(kind: str) -> None:
    """Without them each run would end with `--notify slack needs …`, and tell nobody."""
    two = replace(task(), more=("--notify", "slack", "--notify=email"))
    text = RENDERED[kind](two)

    assert two.notices == {"slack": "IMPORTER_NOTIFY_SLACK", "email": "IMPORTER_NOTIFY_EMAIL"}
    for variable in two.notices.values():
        assert variable in text
    silent = RENDERED[kind](replace(task(), more=("--rate", "5/s")))
    own = RENDERED[kind](replace(task(), more=("--notify", "slack", "--notify-file", "/n")))
    assert "IMPORTER_NOTIFY" not in silent + own


def test_where_the_addresses_of_notices_come_from() -> None:
    step = yaml.safe_load(RENDERED["github"](task()))["jobs"]["import"]["steps"][0]
    assert step["env"]["IMPORTER_NOTIFY_SLACK"] == "${{ secrets.IMPORTER_NOTIFY_SLACK }}"
    _, job = yaml.safe_load_all(RENDERED["k8s"](task()))
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["env"][1]["valueFrom"]["secretKeyRef"]["key"] == "notify-slack"
    assert "LoadCredential=notify:" in RENDERED["systemd"](task())
    assert "--notify-file %d/notify\n" in RENDERED["systemd"](task())
    assert '--notify-file "$HOME/.config/satismeter/notify" >>' in RENDERED["cron"](task())


def test_the_image_is_what_the_pod_expects() -> None:
    """Docker itself is not at hand: what the file says is held against the CronJob and the docs."""
    root = Path(__file__).parents[2]
    lines = [line.split() for line in (root / "Dockerfile").read_text("utf-8").splitlines()]
    said = {words[0]: words[1:] for words in lines if words and not words[0].startswith("#")}
    _, job = yaml.safe_load_all(RENDERED["k8s"](task()))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]

    assert said["USER"] == [str(pod["securityContext"]["runAsUser"])]
    assert said["VOLUME"] == [pod["containers"][0]["volumeMounts"][0]["mountPath"]]
    assert "IMPORTER_STATE=/import/state" in said["ENV"]
    taken = (root / ".dockerignore").read_text("utf-8").splitlines()
    for each in (line[1:] for line in taken if line.startswith("!")):
        assert (root / each).exists()
    assert taken[0] == "*"  # no .env, no key, no spreadsheet
    named = re.findall(r"/src/([\w.]+)", (root / "Dockerfile").read_text("utf-8"))
    assert {f"!{each}" for each in named} <= set(taken), "what it installs by is let in"
