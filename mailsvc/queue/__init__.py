"""Letters on their way to the outside: when to try, what happened, what the sender is told."""
