"""One module for each kind of thing.  A route parses, calls one use case, maps the answer."""
