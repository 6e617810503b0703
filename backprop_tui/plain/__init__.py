"""Stepping in words: printed lines with a prompt, for screen readers, braille and dumb terminals.

A line that is typed is a command, and the answer is sentences, one a line: nothing is redrawn, no
cursor moves, and no sign or colour means anything. Everything said comes from the engine; what it
shares with the screen (View, Asking, actions, how numbers are rounded) imports no widget.
"""
