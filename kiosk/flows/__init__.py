"""Pure state machines: what a terminal does, without a window, a wire or a clock."""
