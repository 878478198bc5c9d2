"""GitHub Actions: a workflow for a runner of one's own."""

from __future__ import annotations

from importer.schedules.document import dumped
from importer.schedules.task import Task, shell


def github(task: Task) -> str:
    """A workflow. It asks for a self-hosted runner, because the ledger, which knows what was sent,
    has to outlive the run."""
    document = {
        "name": task.title,
        "on": {"schedule": [{"cron": task.when.cron}], "workflow_dispatch": {}},
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"satismeter-{task.name}", "cancel-in-progress": False},
        "jobs": {
            "import": {
                "runs-on": "self-hosted",
                "timeout-minutes": 350,
                "steps": [
                    {
                        "name": task.title,
                        "run": shell(task.local),
                        "env": {"SATISMETER_WRITE_KEY": "${{ secrets.SATISMETER_WRITE_KEY }}"},
                    }
                ],
            }
        },
    }
    return f"""\
# .github/workflows/satismeter-{task.name}.yml: {task.title}, {task.when} (UTC)
# The write key: Settings > Secrets and variables > Actions > SATISMETER_WRITE_KEY
# The runner is one of your own: the ledger ({task.state}) has to outlive the run. On GitHub's
# machines it would be gone, and with it the knowledge of what was sent.
{dumped(document)}"""
