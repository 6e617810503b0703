"""Explaining: where a number comes from, why a step is as it is, whether a gradient is right."""
