"""What an agent does with each kind of machine: the bridge between its driver and the buses."""
