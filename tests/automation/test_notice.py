"""What is told, and that it holds nothing private."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from importer.automation import Notice, metrics
from importer.automation.monitoring import last
from importer.errors import ExitStatus
from importer.model import Status

NOTICE = Notice(
    command="run",
    file="answers.csv",
    mapping='a "quoted" \\ name.yaml',
    exit_status=ExitStatus.SOME_REFUSED,
    at=1_700_000_000.25,
    seconds=12.5,
    job="20231114-answers",
    rows={"read": 34, "created": 20, "invalid": 14},
    requests=22,
    causes={"out_of_range": 11, "no_person": 3},
)


SUCCESS = "importer_last_success_timestamp_seconds"
FINISH = "importer_last_finish_timestamp_seconds"


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("status", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_exit_status_has_its_words() -> None:
    for status in ExitStatus:
        assert Notice("run", "a.csv", "m", status, 0.0, 0.0).title.startswith("a.csv: ")


def test_the_text() -> None:
    assert NOTICE.text.splitlines() == [
        "answers.csv: done, but some rows were refused; 20 of 34 rows created",
        "created: 20, invalid: 14",
        "11 × out_of_range, 3 × no_person",
        "job 20231114-answers, exit status 3",
    ]


def test_metrics_are_read_by_prometheus_own_parser() -> None:
    text = metrics(NOTICE, f'{SUCCESS}{{mapping="m"}} 1600000000\n')

    found = samples(text)
    assert found["importer_exit_code", ""] == 3
    assert found["importer_rows", "created"] == 20
    assert found["importer_rows_read", ""] == 34
    assert found["importer_last_run_timestamp_seconds", ""] == NOTICE.at
    assert found["importer_last_success_timestamp_seconds", ""] == 1_600_000_000.0
    assert {status for name, status in found if name == "importer_rows"} == set(Status)
    (family,) = [f for f in text_string_to_metric_families(text) if f.name == "importer_exit_code"]
    assert family.samples[0].labels == {"mapping": NOTICE.mapping}


def test_the_last_success_outlives_a_failure_and_is_there_before_the_first() -> None:
    """Its age is what an alert rings at: a metric that is absent, or never set, is of no use."""
    well = replace(NOTICE, exit_status=ExitStatus.DONE, at=1_650_000_000.0)
    stopped = replace(NOTICE, exit_status=ExitStatus.STOPPED, at=1_660_000_000.0)
    refused = replace(NOTICE, exit_status=ExitStatus.SOME_REFUSED, at=1_670_000_000.0)
    text = metrics(well)
    assert (last(SUCCESS, text), last(FINISH, text)) == (well.at, well.at)
    text = metrics(stopped, text)
    assert (last(SUCCESS, text), last(FINISH, text)) == (well.at, well.at)
    text = metrics(refused, text)  # one invalid row a night: no success, and nothing to wake up for
    assert (last(SUCCESS, text), last(FINISH, text)) == (well.at, refused.at)
    assert samples(metrics(stopped))[SUCCESS, ""] == samples(metrics(stopped))[FINISH, ""] == 0
