"""Tingtong's machines: contracts, drivers, the agent that owns them, and simulators of all of them."""
