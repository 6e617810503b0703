"""The screen: widgets that only render what they are given, and one table of actions.

Everything that is shown comes from the engine's `State`; the engine knows nothing of this package.
"""
