"""A part of the bench that works inside the desk: Django is made ready, then the module named by the order runs."""

import json
import sys
from importlib import import_module

import django

if __name__ == "__main__":
    order = json.load(sys.stdin)
    django.setup()
    print(json.dumps(import_module(f"madoguchi.bench.{order['module']}").run(order)))
