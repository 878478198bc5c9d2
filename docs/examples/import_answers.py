"""Import a spreadsheet from a program: check the mapping, look at the plan, decide, run.

SATISMETER_WRITE_KEY=... python import_answers.py answers.csv mapping.yaml
"""

import os
import sys
from pathlib import Path

from importer import (
    Endpoint,
    ExitStatus,
    ImporterError,
    Plan,
    Rate,
    Secret,
    Settings,
    default_state,
    load_mapping,
    plan,
    run,
)
from importer.settings import DEFAULT_ENDPOINT


def good_enough(planned: Plan) -> bool:
    """Go on if at most one row in five can't be sent."""
    return planned.rows["invalid"] <= planned.rows["read"] / 5


def main(file: str, mapping: str) -> ExitStatus:
    """Import the file; returns what `importer run` would exit with."""
    document = load_mapping(mapping)  # every mistake at once, with line and column
    print(f"{document.name or mapping}: {len(document.answers)} questions")

    settings = Settings(
        file=file,
        mapping=mapping,
        state=Path(os.environ.get("IMPORTER_STATE") or default_state()),
        endpoint=Endpoint.parse(os.environ.get("IMPORTER_ENDPOINT", DEFAULT_ENDPOINT)),
        write_key=Secret(os.environ["SATISMETER_WRITE_KEY"]),
        rate=Rate.parse("10/s"),
    )

    planned, dry = plan(settings)
    print(f"{planned.ready} of {planned.rows['read']} rows are ready; see {dry.report}")
    for scores in dry.scores:
        if scores.nps is not None:
            print(f"{scores.question.column}: NPS {scores.nps:+.1f} from {scores.answers} answers")
    for cause in dry.causes:
        print(f"{cause.count} x {cause.code} in {cause.column!r}, rows {cause.rows}: {cause.fix}")

    _, summary = run(settings, good_enough)
    print({status: number for status, number in summary.rows.items() if number})
    print(f"one line per row: {summary.results}")
    return summary.exit_status


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ImporterError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        sys.exit(error.exit_status)
