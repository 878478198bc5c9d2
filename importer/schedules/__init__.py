"""Ready definitions for the schedulers that people have: printed, never installed.

`RENDERED` names them; each is one file of this room with one function, `Task -> str`. All run the same
command: `importer run FILE` or `importer watch DIR --once`, which is safe to repeat, never asks, and
takes its key from the platform's own secret place.
"""

from importer.schedules.airflow import airflow
from importer.schedules.cron import cron
from importer.schedules.github import github
from importer.schedules.k8s import k8s
from importer.schedules.systemd import systemd
from importer.schedules.task import Task
from importer.schedules.when import When

__all__ = ["RENDERED", "Task", "When"]

RENDERED = {
    "systemd": systemd,
    "cron": cron,
    "github": github,
    "airflow": airflow,
    "k8s": k8s,
}
"""Each scheduler's definition of a task. A new one is a file and a line."""
