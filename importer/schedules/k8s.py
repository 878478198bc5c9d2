"""Kubernetes: a CronJob and the volume of its ledger."""

from __future__ import annotations

from pathlib import Path

from importer.schedules.document import dumped
from importer.schedules.task import Task

IMAGE = "satismeter-importer:latest"
"""Yours to build: any Python image with `pip install satismeter-importer`."""


def k8s(task: Task) -> str:
    """Two documents: the volume claim, the CronJob."""
    name = f"satismeter-{task.name}"
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "schedule": task.when.cron,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": _pod(task, name)}}},
        },
    }
    return f"""\
# {task.title}, {task.when} (UTC). Before: the image, and the write key:
#   kubectl create secret generic satismeter --from-literal=write-key=…
# The volume holds the files to import (data/), the mapping and the ledger (state/), which has to
# outlive the pods: it knows what was sent.
{dumped(claim)}---
{dumped(job)}"""


def _pod(task: Task, name: str) -> dict[str, object]:
    mapping = f"/import/{Path(task.mapping).name}"
    source = "/import/data" if task.folder else f"/import/data/{task.source.name}"
    words = task.words("importer", source, mapping, "/import/state")
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [
            {"name": "work", "persistentVolumeClaim": {"claimName": name}},
            {"name": "tmp", "emptyDir": {}},
        ],
        "containers": [_container(list(words))],
    }


def _container(words: list[str]) -> dict[str, object]:
    key = {"secretKeyRef": {"name": "satismeter", "key": "write-key"}}
    return {
        "name": "importer",
        "image": IMAGE,
        "command": words[:1],
        "args": words[1:],
        "env": [{"name": "SATISMETER_WRITE_KEY", "valueFrom": key}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "work", "mountPath": "/import"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  a volume of the pod's own
        ],
    }
