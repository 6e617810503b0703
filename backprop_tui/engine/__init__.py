"""The engine: the derivation as mathematics, and everything that can be read off it.

Pure Python and NumPy. It knows no screen: nothing below this package imports textual or rich.
"""
