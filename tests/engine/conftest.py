"""How hard the laws are tried: no deadline, as a machine may be busy with other things."""

from hypothesis import settings

settings.register_profile("engine", deadline=None, max_examples=60)
settings.load_profile("engine")
