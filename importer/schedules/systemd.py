"""systemd: a service and its timer, for the user's own manager."""

from __future__ import annotations

from importer.schedules.task import Task


def systemd(task: Task) -> str:
    """Two units, each under a line that names its file. The key is a credential, which only the
    service can read (systemd.exec(5), LoadCredential)."""
    unit = f"satismeter-{task.name}"
    command = " ".join(map(_quoted, (*task.local, "--key-file")))
    return f"""\
# Save both units in ~/.config/systemd/user/, put the write key into
# ~/.config/satismeter/write-key (chmod 600), then:
#   systemctl --user daemon-reload
#   systemctl --user enable --now {unit}.timer
#   journalctl --user -u {unit}          what it said
# To run while you are logged out: loginctl enable-linger

# ---- {unit}.service
[Unit]
Description={_escaped(task.title)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
LoadCredential=write-key:%h/.config/satismeter/write-key
ExecStart={command} %d/write-key
# 75: another run holds the survey; the next one goes on
SuccessExitStatus=75
TimeoutStopSec=30
NoNewPrivileges=yes
UMask=0077

# ---- {unit}.timer
[Unit]
Description={_escaped(task.title)}, {task.when}

[Timer]
OnCalendar={task.when.calendar}
Persistent=true
RandomizedDelaySec=60

[Install]
WantedBy=timers.target
"""


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of ExecStart: % and $ are special even between quotation marks (systemd.service(5))."""
    inner = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return inner if inner == word and not set(word) & set(" \t'*?;|&<>()") else f'"{inner}"'
