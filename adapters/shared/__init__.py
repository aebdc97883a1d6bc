"""The floor every adapter stands on: the one door to HTTP, to programs, and to waiting."""
