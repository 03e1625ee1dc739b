"""What can happen to mail."""

from madoguchi.mail.actions.queue import queue_mail
from madoguchi.mail.actions.send_again import send_again
from madoguchi.mail.actions.take_back import take_back
from madoguchi.mail.actions.take_in import begin_thread, retry, take_in

__all__ = ["begin_thread", "queue_mail", "retry", "send_again", "take_back", "take_in"]
