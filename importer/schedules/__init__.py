"""Ready definitions for the schedulers that people have: printed, never installed.

`RENDERED` names them; each is a template of this room. All run the same command: `importer run FILE` or
`importer watch DIR --once`, which is safe to repeat, never asks, and takes its key from the platform's own
secret place.
"""

from functools import partial

from importer.schedules.rendering import rendered
from importer.schedules.task import Task
from importer.schedules.when import When

__all__ = ["RENDERED", "Task", "When"]

RENDERED = {
    kind: partial(rendered, kind) for kind in ("systemd", "cron", "github", "airflow", "k8s")
}
"""Each scheduler's definition of a task, `Task -> str`. A new one is a template and a word here."""
