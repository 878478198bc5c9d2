"""Runs one command as a small process of its own, and writes down what the command cost.

A child inherits its parent's peak memory until it has more of its own, so whoever measures must be
small: this file runs by itself (`python -I -S stopwatch.py COST.json COMMAND …`) and imports little.
"""

import os
import sys
import time


def main(cost: str, command: list[str]) -> int:
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    with open(cost, "w") as file:  # noqa: PTH123  pathlib alone is larger than all the rest
        file.write(f"{usage.ru_utime + usage.ru_stime} {wall} {usage.ru_maxrss / 1024}")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) & 0xFF)
