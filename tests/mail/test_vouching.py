"""Only what the own mail server wrote last, about the very address in the From line, vouches for a mail."""

import pytest

from madoguchi.mail.parse import parse
from madoguchi.mail.vouching import is_vouched_for

TRUSTED = ("mx.example.jp",)
ADDRESS = "takahashi@example.jp"


@pytest.mark.parametrize(
    ("results", "vouched"),
    [
        (["mx.example.jp; dmarc=pass (p=REJECT sp=NONE) header.from=example.jp"], True),
        (["MX.example.jp 1; spf=fail smtp.mailfrom=x.example; dkim=pass header.d=example.jp"], True),
        (["mx.example.jp; dkim=pass header.i=@example.jp header.s=s1"], True),
        (["mx.example.jp; spf=pass smtp.mailfrom=bounce@example.jp"], True),
        (["mx.example.jp; auth=pass (cram-md5) smtp.auth=takahashi@example.jp"], True),
        (["mx.example.jp; auth=pass smtp.auth=sato@example.jp"], False),
        (["mx.example.jp; spf=pass smtp.mailfrom=x@evil.example; dkim=pass header.d=evil.example"], False),
        (["mx.example.jp; dkim=pass header.d=evil.example header.i=@example.jp"], False),
        (["mx.example.jp; dmarc=pass"], False),
        (["mx.example.jp; none"], False),
        (["mx.example.jp"], False),
        (["mx.example.jp; dmarc=fail header.from=example.jp (dmarc=pass header.from=example.jp)"], False),
        (["mx.example.jp; x=y (; dmarc=pass header.from=example.jp)"], False),
        (["evil.example; dmarc=pass header.from=example.jp"], False),
        (["x (mx.example.jp); dmarc=pass header.from=example.jp"], False),
        (["mx.example.jp; dmarc=fail", "mx.example.jp; dmarc=pass header.from=example.jp"], False),
        (["other.example; spf=none", "mx.example.jp; dmarc=pass header.from=example.jp"], True),
        (['mx.example.jp; dkim=pass (2048-bit key; ok) header.d="example.jp" header.b="Mr8/p=="'], True),
        (['mx.example.jp; spf=pass smtp.mailfrom="a b"@example.jp'], True),
        (['mx.example.jp; spf=fail smtp.mailfrom="a; auth=pass smtp.auth=takahashi@example.jp"@evil.example'], False),
        (['mx.example.jp; spf=fail (of "); dkim=pass header.d=example.jp ("@evil.example) smtp.helo=x'], False),
        (['mx.example.jp; spf=pass smtp.mailfrom="a\\" smtp.mailfrom=b@example.jp "@evil.example'], False),
        ([r"mx.example.jp; spf=fail (\); dkim=pass header.d=example.jp ) smtp.helo=x"], False),
        (["mx.example.jp; dkim=pass policy.x=header.d=example.jp"], False),
        (['mx.example.jp; dkim=pass header.d=example.jp; spf=fail smtp.mailfrom="a'], False),
        (["mx.example.jp; dkim=pass header.d=example.jp; spf=fail (of a"], False),
        ([], False),
        (["(" * 20_000], False),
    ],
)
def test_what_vouches(results: list[str], *, vouched: bool) -> None:
    assert is_vouched_for(ADDRESS, results, TRUSTED) is vouched
    assert not is_vouched_for(ADDRESS, results, ())
    assert not is_vouched_for("", results, TRUSTED)


def test_the_header_is_read_folded_and_in_order() -> None:
    raw = (
        b"Authentication-Results: mx.example.jp;\r\n\tdmarc=pass header.from=example.jp\r\n"
        b"From: takahashi@example.jp\r\nAuthentication-Results: evil.example; dmarc=pass\r\n\r\nx"
    )
    results = parse(raw).authentication_results
    assert len(results) == 2
    assert is_vouched_for(ADDRESS, results, TRUSTED)
