"""What every process needs to run: back-off, logs, settings."""
