"""The bench: the importer beside what people use instead, measured in one alternating run.

`make bench` sets everything up, runs it and writes `docs/performance.md`, `.json` and `.svg`;
`make bench QUICK=1` is a small run that only prints.
"""
