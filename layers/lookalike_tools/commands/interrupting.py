"""Commands that go on until they are interrupted."""

import signal


def interrupt_by_signals() -> None:
    """Have both signals raise KeyboardInterrupt: a shell that starts us in the background ignores SIGINT."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
