"""The mathematics: expressions, their values, shapes and elements, and how they are written.

A symbol is a name here; what it is in a network is said in `model`.
"""
