// A shared library needs a source of its own; all it shows comes from the static ones.
