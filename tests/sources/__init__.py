# Files that lie elsewhere.


