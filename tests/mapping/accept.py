"""`python -m tests.mapping.accept` writes what is said of each wrong mapping; read the diff."""

from tests.mapping.test_mistakes import FOLDER, told

if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.yaml")):
        path.with_suffix(".txt").write_text(told(path), encoding="utf-8")
