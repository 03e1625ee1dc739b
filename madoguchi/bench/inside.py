"""A part of the bench that works inside the desk: Django is made ready, then the module named by the order runs."""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

import django

from madoguchi.foundation.starting import starting


def seconds(act: Callable[[], object]) -> float:
    """How long it took, by the clock on the wall."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    order = json.load(sys.stdin)
    with starting():
        django.setup()
        module = import_module(f"madoguchi.bench.{order['module']}")
    print(json.dumps(module.run(order)))
