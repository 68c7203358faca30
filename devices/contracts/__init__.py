"""Messages that cross a process: the only part of `devices` that everybody may know."""
