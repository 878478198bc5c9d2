"""What the importer of commit 7b919b5 (0.1) has written; see README.md."""
