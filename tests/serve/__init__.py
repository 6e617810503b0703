"""Tests of the stepper in a browser."""
