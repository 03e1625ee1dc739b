"""Customers who write: Japanese mail in UTF-8 and ISO-2022-JP, through the SMTP door, sometimes twice in one thread."""

from collections import deque
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

from madoguchi.demo.actors import Actor, Caller, Stage
from madoguchi.demo.client import post_letter


class Correspondent(Actor):
    """All customers who write, one letter after the other."""

    def __init__(self, stage: Stage, seed: int) -> None:
        super().__init__(stage, seed)
        self.writers = [caller for caller in stage.callers if caller.email]
        self.sent: deque[tuple[Caller, str, str]] = deque(maxlen=8)

    def turn(self) -> float:
        if self.sent and self.random.random() < 0.25:
            caller, subject, earlier = self.sent.popleft()
            body = self.text(caller).one_of("more")
            self._send(caller, f"Re: {subject}", body, in_reply_to=earlier)
        else:
            caller = self.random.choice(self.writers)
            text = self.text(caller)
            self._send(caller, text.subject(), text.written())
        return self.random.uniform(14.0, 38.0)

    def _send(self, caller: Caller, subject: str, body: str, *, in_reply_to: str = "") -> None:
        letter = EmailMessage()
        letter["From"] = f"{caller.name} <{caller.email}>"
        letter["To"] = self.stage.address
        letter["Date"] = format_datetime(localtime())
        letter["Message-ID"] = make_msgid(domain=caller.email.partition("@")[2])
        letter["Subject"] = subject
        if in_reply_to:
            letter["In-Reply-To"] = letter["References"] = in_reply_to
        letter.set_content(body, charset=self._charset(body))
        host, port = self.stage.smtp
        if post_letter(letter, host=host, port=port, sender=caller.email, to=self.stage.address) and not in_reply_to:
            self.sent.append((caller, subject, letter["Message-ID"]))

    def _charset(self, body: str) -> str:
        """Half of the customers have programs that still write ISO-2022-JP."""
        try:
            body.encode("iso-2022-jp")
        except UnicodeEncodeError:
            return "utf-8"
        return self.random.choice(("iso-2022-jp", "utf-8"))
