"""Worksheets: pages to print, with blanks to fill in by hand, and their answer keys."""
