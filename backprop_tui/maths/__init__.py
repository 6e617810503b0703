"""The mathematics: expressions, and every face of them (value, shape, text, elements).

It knows of no network and no experiment: a symbol is a name.
"""
