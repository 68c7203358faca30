"""The ports made real: the queue server by HTTP, machines by the terminal's bus."""
