"""`python -m importer`: the command, where its script is not on the path."""

from importer.cli import main

if __name__ == "__main__":
    main()
