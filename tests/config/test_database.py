"""How the database is spoken to."""

import json
import os
import subprocess
import sys


def test_a_postgresql_host_that_vanished_is_noticed_and_the_address_has_the_last_word() -> None:
    shown = "json.dumps(settings.DATABASES['default']['OPTIONS'])"
    code = f"import json; from madoguchi.config import settings; print({shown})"
    address = "postgresql://desk@db.example.co.jp/desk?keepalives_idle=7&sslmode=require"
    environment = os.environ | {"MADOGUCHI_DATABASE_URL": address}
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    options = json.loads(said.stdout)
    assert options.pop("options").startswith("-c jit=off")
    assert options == {
        "connect_timeout": "10",
        "keepalives_count": "3",
        "keepalives_idle": "7",
        "keepalives_interval": "10",
        "sslmode": "require",
        "tcp_user_timeout": "60000",
    }
