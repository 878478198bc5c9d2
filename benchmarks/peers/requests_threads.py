"""requests in a pool of threads, a session for each thread; ready-made bodies."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

MINE = threading.local()


def post(line: bytes, url: str) -> int:
    if not hasattr(MINE, "session"):
        MINE.session = requests.Session()
        MINE.session.headers["Content-Type"] = "application/json"
    return int(MINE.session.post(url, data=line, timeout=60).status_code)


def main(bodies: str, url: str, concurrency: int) -> None:
    lines = Path(bodies).read_bytes().splitlines()
    with ThreadPoolExecutor(concurrency) as pool:
        statuses = list(pool.map(lambda line: post(line, url), lines))
    print(sum(status == 200 for status in statuses), "accepted")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
