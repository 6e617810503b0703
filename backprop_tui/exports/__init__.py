"""Exports: a run written as a document, a script, a worksheet, a trace or a report."""
