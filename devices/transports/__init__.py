"""Wires.  Drivers know only the Protocols in `base`."""
