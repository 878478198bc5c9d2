"""The page, the scores and a signed plan, as the command gives them."""

import json

from importer.sandbox import Sandbox, background
from tests.e2e.commands import Shell

ROWS = "id,score,comment,email\nu1,10,Great,u1@example.com\nu2,9,,\nu3,0,,\nu4,11,,\n"


def test_a_plan_names_its_page_and_its_nps(user: Shell) -> None:
    user.write("answers.csv", ROWS)

    ended = user("plan", "answers.csv", "-m", "mapping.yaml")
    page = (user.folder / "answers-import" / "plan.html").read_text(encoding="utf-8")

    assert "NPS +33 of 3 answers in 'score'" in ended.out
    assert "answers-import/plan.html" in ended.out
    assert "3 of 4 rows are ready to be sent." in page
    assert "u1@example.com" not in page


def test_a_signed_plan_is_kept_to(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)
    words = ("answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
    user("plan", *words, "--save", "plan.json")
    signed = ("run", *words, "--plan", "plan.json", "--yes", "--rate", "max", "--json")

    pilot = user(*signed, "--limit", "1")
    user.write("answers.csv", ROWS.replace("u2,9", "u2,8"))
    changed = user(*signed)
    user.write("answers.csv", ROWS)
    rest = user(*signed)

    assert pilot.document["rows"]["created"] == 1
    assert changed.status == 2
    assert "the file is another" in changed.err
    assert rest.document["rows"]["created"] == 3
    assert len(sandbox.stored()) == 3
    assert json.loads((user.folder / "plan.json").read_bytes())["to_post"] == "2-4"


def test_the_page_opens_in_the_browser_where_that_is_asked_for(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\np1,9,,a@example.com\n")
    opener = user.write("browser", f'#!/bin/sh\necho "$1" >> {user.folder}/opened\n')
    opener.chmod(0o700)
    with background() as sandbox:
        to = ("-m", "mapping.yaml", "--endpoint", sandbox.url)
        user("plan", "answers.csv", *to, BROWSER=f"{opener} %s")
        assert not (user.folder / "opened").exists()
        for command in (("plan",), ("run", "--yes")):
            ended = user(*command, "answers.csv", *to, "--open", BROWSER=f"{opener} %s")
            assert ended.status == 0
        again = user("run", "answers.csv", *to, "--yes")
    opened = (user.folder / "opened").read_text().split()
    assert [each.rpartition("/")[2] for each in opened] == ["plan.html", "report.html"]
    assert all(each.startswith("file:///") for each in opened)
    assert again.status == 0
    page = next(user.folder.glob("*-import/report.html")).read_text("utf-8")
    assert "Nothing new was sent: earlier runs sent 1 of 1 row." in page
