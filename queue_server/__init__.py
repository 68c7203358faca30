"""The queue server: gives numbers to people and people to windows, and tells the hall."""
