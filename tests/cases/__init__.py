"""Exports in the layouts of the survey tools: made up, the same bytes each time; and real ones under open
licences, which are not part of the project.

Where the environment variable `REAL_EXPORTS` names a folder of those, `make trial` looks at them, too.
"""
