"""The guide, held to the program: its tables, commands, files and plans for a class."""
