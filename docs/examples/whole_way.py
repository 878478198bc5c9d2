"""The whole way from a program: look, draft a mapping, plan, run, go on, verify, list.

SATISMETER_WRITE_KEY=... python whole_way.py answers.csv mapping.yaml
With SATISMETER_API_KEY and SATISMETER_PROJECT it reads the survey back at the end.
"""

import asyncio
import os
import sys
from pathlib import Path

from importer import (
    Endpoint,
    ExitStatus,
    ImporterError,
    Secret,
    Settings,
    default_state,
    init,
    inspect,
    jobs,
    plan,
    resume,
    start,
    verify,
    write_results,
)
from importer.settings import DEFAULT_ENDPOINT


def drafted(file: str, mapping: Path) -> bool:
    """Where there is no mapping yet, write one and say what is left to fill in."""
    facts, found = inspect(file)
    print(f"{found.rows} rows, {facts.encoding or facts.format}, header in row {facts.header_rows}")
    if mapping.exists():
        return False
    draft = init(file)
    mapping.write_text(draft.text, encoding="utf-8")
    print(f"{mapping} is written; fill in lines {draft.open}")
    return True


async def imported(file: str, mapping: str) -> ExitStatus:
    """A pilot of five rows, the rest, and what became of them."""
    state = Path(os.environ.get("IMPORTER_STATE") or default_state())
    key = Secret(os.environ["SATISMETER_WRITE_KEY"])
    endpoint = Endpoint.parse(os.environ.get("IMPORTER_ENDPOINT", DEFAULT_ENDPOINT))
    settings = Settings(file, mapping, state, endpoint=endpoint, write_key=key, limit=5)

    planned, _ = plan(settings)
    print(f"{planned.ready} rows are ready")
    # The run has a thread and an event loop of its own: this one goes on meanwhile.
    pilot = await start(settings)
    print(f"the pilot: {pilot.rows['created']} created, {pilot.rows['pending']} left")
    rest = Settings.of_job(state, pilot.job, write_key=key)
    _, summary = await asyncio.to_thread(resume, rest)
    print(f"the rest: {summary.rows['created']} created in all")

    if "SATISMETER_API_KEY" in os.environ:
        reading = Settings.of_job(
            state,
            summary.job,
            api_key=os.environ["SATISMETER_API_KEY"],
            project=os.environ["SATISMETER_PROJECT"],
        )
        seen = await asyncio.to_thread(verify, reading)
        print(f"verified: {len(seen.comparison.same)} are as they were sent")

    for each in jobs(state):
        print(f"{each.job.name}: {each.left} left of {sum(each.rows.values())}")
    _, written, _ = write_results(state, summary.job)
    print(f"one line per row: {written.results}")
    return summary.exit_status


if __name__ == "__main__":
    try:
        _, file, mapping = sys.argv
        new = drafted(file, Path(mapping))
        sys.exit(ExitStatus.USAGE if new else asyncio.run(imported(file, mapping)))
    except ImporterError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        sys.exit(error.exit_status)
