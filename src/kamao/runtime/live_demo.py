"""The demo goes on: a gentle trade of today while the node runs (``./kamao up --live-demo``), as a process of
its own.

Owns the pace. Every round is one transaction through the same acts as the story's; a round that fails is
tried again.
"""

import os
import signal
import sys
import threading
from importlib import import_module
from types import FrameType

import django


def main() -> int:
    """Trade until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    django.setup()
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    import_module("kamao.runtime.demo.live").trade(stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main())
