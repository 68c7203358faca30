"""The typed message bus and its adapters."""
