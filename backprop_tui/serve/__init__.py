"""The stepper in a browser: a page, and for each learner a session, a process of its own.

What textual-serve brings (the terminal in the page, the packets between page and process) is used
as it is; who may come, how many, and how a session ends is decided here. No mathematics, no
widgets.
"""
