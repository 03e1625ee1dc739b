"""``madoguchi demo``: a throw-away desk of the sample company with traffic through its real doors, until Ctrl-C."""

import json
import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from madoguchi.demo import source
from madoguchi.demo.actors import Actor, Stage
from madoguchi.demo.client import Door
from madoguchi.demo.engineers import Engineer
from madoguchi.demo.letters import Correspondent
from madoguchi.demo.operators import BackOffice, Operator
from madoguchi.demo.switchboard import Switchboard
from madoguchi.foundation.refusal import Refused

SPEED = 6.0  # seconds of the recorded day in one of ours
OPERATORS = {"1001": "sato", "1002": "suzuki", "1003": "tanaka"}
BACK_OFFICE = "matsumoto"
ENGINEERS = {
    "takahashi": "service-desk",
    "nakajima": "service-desk",
    "maeda": "service-desk",
    "ito": "network",
    "ishida": "network",
    "okamoto": "field-service",
}
ADMINISTRATOR = "nakamura"
LOGINS = (
    ("オペレーター(内線1004、着信が鳴ります)", "yamaguchi"),
    ("エンジニア(サービスデスク)", "takahashi"),
    ("スーパーバイザー", "hayashi"),
    ("ナレッジ担当", "kimura"),
    ("閲覧(経理部)", "watanabe"),
    ("委託先オペレーター", "ogawa"),
    ("管理者", ADMINISTRATOR),
)
_START_SECONDS = 90
_END_SECONDS = 30


def run(host: str, port: int) -> int:
    """Play until SIGINT or SIGTERM; the exit code. Raises ``Refused`` when the port is taken."""
    _check_port(host, port)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-demo-"))
    desk: subprocess.Popen[bytes] | None = None
    actors: list[Actor] = []
    try:
        smtp = ("127.0.0.1", _free_port())
        environment = _environment(folder, host, port, smtp)
        print("デモの会社を作っています(20秒ほど)…", flush=True)
        if not _command(["madoguchi", "init", "--sample"], environment, stop):
            return 0
        tokens = _tokens(environment)
        desk = _start(environment, host, port, folder)
        if not _wait_until_ready(Door(host, port), desk, stop):
            return 0 if stop.is_set() else _failed(folder)
        logging.basicConfig(filename=folder / "demo.log", level=logging.INFO, format="%(asctime)s %(message)s")
        actors = _actors(host, port, tokens, smtp, environment["MADOGUCHI_MAIL_ADDRESS"], stop)
        for actor in actors:
            actor.start()
        _welcome((folder / "sample-password").read_text(encoding="ascii").strip(), environment)
        while not stop.wait(1.0):
            if desk.poll() is not None:
                return _failed(folder)
    finally:
        stop.set()
        _end(desk, actors)
        shutil.rmtree(folder, ignore_errors=True)
    print("\nデモを終了しました。データは消去済みです。", flush=True)
    return 0


def _check_port(host: str, port: int) -> None:
    if not 0 <= port < 65536:
        raise Refused(f"{host}:{port} cannot be used: a port is a number up to 65535.")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise Refused(f"{host}:{port} cannot be used ({error.strerror}). Choose another: make demo PORT=8001") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path, host: str, port: int, smtp: tuple[str, int]) -> dict[str, str]:
    """Of the caller's settings none reaches the demo, so that no real desk is ever touched."""
    company = source.table("house")["company"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADOGUCHI_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "madoguchi.config.settings",
        "MADOGUCHI_DATA_DIR": str(folder),
        "MADOGUCHI_PUBLIC_URL": f"http://{host if ':' not in host else f'[{host}]'}:{port}",
        "MADOGUCHI_SMTP_LISTEN": f"{smtp[0]}:{smtp[1]}",
        "MADOGUCHI_MAIL_ADDRESS": f"desk@{company['domain']}",
        "MADOGUCHI_MAIL_NAME": f"{company['name']} 窓口",
        "MADOGUCHI_LOG_LEVEL": "WARNING",
        "MADOGUCHI_WEB_WORKERS": "1",
    }


def _command(words: list[str], environment: dict[str, str], stop: threading.Event) -> bool:
    """Run a command of ours to its end; False when the demo was ended meanwhile."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None:
        if stop.wait(0.2):
            process.kill()
            process.wait()
            return False
    if process.returncode:
        raise Refused(f"{' '.join(words)} ended with {process.returncode}.")
    return True


def _tokens(environment: dict[str, str]) -> dict[str, str]:
    logins = [*OPERATORS.values(), BACK_OFFICE, *ENGINEERS]
    made = subprocess.run(
        [sys.executable, "-m", "madoguchi.demo.staging", *logins], env=environment, check=True, stdout=subprocess.PIPE
    )
    tokens: dict[str, str] = json.loads(made.stdout)
    return tokens


def _start(environment: dict[str, str], host: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """The desk in a session of its own: Ctrl-C reaches the demo only, which ends everything in order."""
    words = [sys.executable, "-m", "madoguchi", "serve", "--host", host, "--port", str(port)]
    if shutil.which("setpriv"):
        words = ["setpriv", "--pdeathsig", "TERM", *words]  # it ends with us, even when we are killed
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)


def _wait_until_ready(door: Door, desk: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit and desk.poll() is None:
        if door.is_ready():
            return True
        if stop.wait(0.3):
            return False
    return False


def _actors(
    host: str, port: int, tokens: dict[str, str], smtp: tuple[str, int], address: str, stop: threading.Event
) -> list[Actor]:
    doors = {name: Door(host, port, token) for name, token in tokens.items()}
    stage = Stage(doors, stop, SPEED, smtp, address)
    operators = {
        extension: Operator(stage, seed, login) for seed, (extension, login) in enumerate(OPERATORS.items(), start=1)
    }
    engineers = [Engineer(stage, seed, login, team) for seed, (login, team) in enumerate(ENGINEERS.items(), start=20)]
    switchboard = Switchboard(stage, 40, operators, doors["pbx"], doors["zammad-bridge"])
    return [*operators.values(), BackOffice(stage, 10, BACK_OFFICE), *engineers, switchboard, Correspondent(stage, 50)]


def _welcome(password: str, environment: dict[str, str]) -> None:
    company = source.table("house")["company"]
    print(f"\n{company['name']} の窓口が動いています: {environment['MADOGUCHI_PUBLIC_URL']}/\n")
    print(f"  パスワードは全員同じです: {password}\n")
    for role, login in LOGINS:
        print(f"  {login + '@' + company['domain']:<34} {role}")
    print(f"\n電話システムなどのトークンは、別の端末で:\n\n  {_token_command(environment)}\n")
    print("同じ設定を付ければ、madoguchi のほかのコマンド(doctor など)もこの窓口に届きます。")
    print(f"記録は {environment['MADOGUCHI_DATA_DIR']} にあります。Ctrl-C で終了し、データを消します。", flush=True)


def _token_command(environment: dict[str, str]) -> str:
    """To be pasted in any folder: it names the demo's own settings and the command by its path."""
    names = ("MADOGUCHI_DATA_DIR", "MADOGUCHI_PUBLIC_URL")
    owner = f"{ADMINISTRATOR}@{source.table('house')['company']['domain']}"
    words = [str(Path(sys.executable).with_name("madoguchi")), "token", "create", "--email", owner]
    words += ["--scope", "calls:write", "--scope", "calls:read", "--name", "PBX"]
    return " ".join([*(f"{name}={shlex.quote(environment[name])}" for name in names), shlex.join(words)])


def _failed(folder: Path) -> int:
    """The desk did not come up, or ended: its last words."""
    print((folder / "serve.log").read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)
    return 1


def _end(desk: subprocess.Popen[bytes] | None, actors: list[Actor]) -> None:
    for actor in actors:
        actor.join(timeout=3)
    if desk is not None and desk.poll() is None:
        desk.terminate()
        try:
            desk.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(desk.pid, signal.SIGKILL)
            desk.wait()
