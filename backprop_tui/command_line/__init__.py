"""The command line in parts: streams, flags, what each command does, and the table of them all."""
