"""The mapping, by behaviour: YAML in, mistakes or responses out."""
