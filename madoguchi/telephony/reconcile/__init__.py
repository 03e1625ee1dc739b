"""Holding the calls of the desk against what the telephone system wrote of them: its call data records (CDR)."""
