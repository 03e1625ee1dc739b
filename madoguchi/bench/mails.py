"""Mails into the SMTP door, in a process of its own: an order as JSON in, what it took as JSON out."""

import json
import smtplib
import sys
import threading
import time
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: port, mails, at_once. Each sender keeps its connection and waits for the answer to each mail."""
    left = iter(range(order["mails"]))
    lock = threading.Lock()
    taken: list[float] = []
    wrong: list[str] = []

    def sender() -> None:
        try:
            with smtplib.SMTP("127.0.0.1", order["port"], timeout=60) as line:
                while True:
                    with lock:
                        number = next(left, None)
                    if number is None:
                        return
                    mail = _mail(number)
                    begin = time.perf_counter()
                    line.sendmail(mail["From"], [mail["To"]], mail.as_bytes())
                    taken.append(time.perf_counter() - begin)
        except (OSError, smtplib.SMTPException) as error:
            wrong.append(str(error))

    begin = time.perf_counter()
    threads = [threading.Thread(target=sender) for _ in range(order["at_once"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - begin, "taken": taken, "wrong": wrong}


def _mail(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"bench{number % 100}@customer.example"
    mail["To"] = "desk@localhost"
    mail["Subject"] = f"プリンターから印刷できません {number}"
    mail["Message-ID"] = make_msgid(domain="customer.example")
    mail.set_content(
        "お世話になっております。\n今朝から三階のプリンターで印刷できません。\nご確認をお願いいたします。\n"
    )
    return mail


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
