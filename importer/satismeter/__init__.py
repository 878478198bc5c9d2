"""SatisMeter's API. `insert` posts a response, `classify` decides on the reply, `redact` what it quotes.

`read` reads a project back (v3): its surveys, their questions, the responses stored. `Reader` is its door; a
separate API key and the project's ID open it, and it writes nothing.
"""
