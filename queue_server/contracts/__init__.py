"""HTTP bodies and events: the part of `queue_server` that kiosks and integrations may know."""
