"""The other end of each wire: machines for demonstrations and tests, never for production."""
