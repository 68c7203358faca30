"""What can be done with the queue: one use case a file, plain functions `f(tx, …)`."""
