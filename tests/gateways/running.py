"""Coroutines of a test, run to their end."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_through[T](work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: in that of the tests Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
