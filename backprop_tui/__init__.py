"""backprop-tui: a debugger for backpropagation in the terminal."""
