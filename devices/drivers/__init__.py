"""One file per model.  A driver knows its codec, its settings and a wire Protocol, nothing else."""
