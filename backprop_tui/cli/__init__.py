"""The command line: its flags, its commands, and how a shell completes them."""
