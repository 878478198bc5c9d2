"""cron: lines for `crontab -e`."""

from __future__ import annotations

from importer.schedules.task import Task, shell


def cron(task: Task) -> str:
    """A crontab's lines. In a crontab, % is a line break unless it is escaped (crontab(5))."""
    command = shell(task.local).replace("%", r"\%")
    return f"""\
# {task.title}, {task.when} (this machine's time). Add it with: crontab -e
# Put the write key into ~/.config/satismeter/write-key, and: chmod 600 ~/.config/satismeter/write-key
# cron itself tells nobody of a failure: add --notify (importer run --help).
{task.when.cron} {command} --key-file "$HOME/.config/satismeter/write-key" \
>>"$HOME/.satismeter-{task.name}.log" 2>&1
"""
