"""How busy a process is, on two clocks."""

from __future__ import annotations

from importer.ledger.load import Load


def test_half_a_processor_is_the_mark_and_it_is_looked_at_ten_times_a_second() -> None:
    wall, cpu = 100.0, 5.0
    load = Load(lambda: wall, lambda: cpu)
    told = []
    for passed, used in ((0.05, 0.05), (0.06, 0.06), (0.05, 0.0), (0.06, 0.0), (0.2, 0.11)):
        wall, cpu = wall + passed, cpu + used
        told.append(load.high())
    assert told == [False, True, True, False, True]
