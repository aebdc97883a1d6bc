"""One module a command, named after it; each has an `app`."""
