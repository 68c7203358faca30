"""The ports of `queue_server.application` made real."""
