"""What of the log is written otherwise than Django does."""

import logging


class OneWarning(logging.Filter):
    """What strangers ask for in vain is no error of the desk: one line, without the place in the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        record.msg = record.msg.replace(" ALLOWED_HOSTS", " MADOGUCHI_ALLOWED_HOSTS")
        return logging.root.isEnabledFor(logging.WARNING)
