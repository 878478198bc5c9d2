"""Airflow: a DAG with one task."""

from __future__ import annotations

from importer.schedules.task import Task, shell


def airflow(task: Task) -> str:
    """A DAG file for Airflow 2.4 or newer. The key is the password of a connection, which Airflow
    keeps encrypted and masks in its logs."""
    title = f"{task.title}, {task.when} (UTC)."
    return f"""\
{f"# {title}"}
# The write key is the password of the connection `satismeter`:
#   airflow connections add satismeter --conn-type generic --conn-password …
# The worker must see the file, the mapping and the ledger, which has to outlive the run.

from datetime import datetime, timedelta, timezone

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 3
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id={f"satismeter-{task.name}"!r},
    schedule={task.when.cron!r},
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["satismeter"],
):
    BashOperator(
        task_id="import",
        bash_command={_plain(shell(task.local))!r},
        env={{"SATISMETER_WRITE_KEY": "{{{{ conn.satismeter.password }}}}"}},
        append_env=True,
        # Repeating is always safe: it goes on with what is left, and posts nothing twice.
        retries=2,
        retry_delay=timedelta(minutes=10),
    )
"""


def _plain(command: str) -> str:
    """Airflow reads a command as a Jinja template."""
    return f"{{% raw %}}{command}{{% endraw %}}" if "{" in command else command
