"""A day of the hall in virtual time."""
