"""Recognise query photos, and keep the types' reference photos."""

import time

began = time.monotonic()
"""When this process began to load the function: nothing of it is loaded before."""
