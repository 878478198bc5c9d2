"""What holds on Linux, macOS and Windows alike, and what Windows would do where another system plays it."""
