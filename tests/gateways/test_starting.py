"""What a gateway loads before it takes anything in."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["madoguchi.gateways.asterisk", "madoguchi.gateways.mail"])
def test_the_first_message_does_not_load_the_product_inside_its_transaction(module: str) -> None:
    code = f"import django, sys; django.setup(); import {module}; sys.exit('madoguchi.reactions' not in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
