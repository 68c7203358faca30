"""The only place that wires: parts into a server, commands to what they run."""
