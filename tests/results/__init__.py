# The report: its figures, its words, and how it looks in a browser.


