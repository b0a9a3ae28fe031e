"""Settings of all tests."""

from hypothesis import settings

# Two noisy cores: how long one example takes says nothing about the code.
settings.register_profile("meshgen", deadline=None)
settings.load_profile("meshgen")
