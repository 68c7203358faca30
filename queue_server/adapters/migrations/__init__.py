"""Schemas, one module for each kind of database."""
