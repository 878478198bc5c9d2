"""The mapping, by behaviour: YAML in, mistakes or responses out."""


# The checks, each with what it lets through and what it stops.
