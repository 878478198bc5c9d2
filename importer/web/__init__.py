"""The wizard in the browser, `importer web`: read, mapping, plan, run, results, on this machine alone.

`app` serves it, `guard` says who may ask for what, `steps` are its pages. `drafts` is what is kept of an
import on the disk, `reading` what its file and mapping look like, `runs` its plan (a thread) and its run: the
command `importer run`, as a process of its own, so that the page's job is the command's."""
