"""The process that owns the machines of one terminal or one cabinet."""
