"""お知らせ: in force from its beginning until its end, the gravest first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.notices.actions import change_notice, end_notice, post_notice
from madoguchi.notices.models import Notice
from tests.cast import Cast


def test_only_what_has_begun_and_not_ended_is_in_force(cast: Cast) -> None:
    now = timezone.now()
    information = post_notice(title="新しい窓口", body="", gravity=1, by=cast.admin)
    outage = post_notice(title="メール障害", body="", gravity=3, categories=[cast.mail_trouble], by=cast.admin)
    post_notice(title="来週の保守", body="", gravity=2, starts_at=now + timedelta(days=7), by=cast.admin)
    assert list(Notice.objects.in_force()) == [outage, information]
    end_notice(outage, by=cast.admin)
    assert list(Notice.objects.in_force()) == [information]


def test_a_notice_needs_a_title_and_ends_after_it_begins(cast: Cast) -> None:
    now = timezone.now()
    with pytest.raises(Refused):
        post_notice(title=" ", body="", gravity=1, by=cast.admin)
    notice = post_notice(title="保守", body="", gravity=2, by=cast.admin)
    with pytest.raises(Refused):
        change_notice(
            notice, title="保守", body="", gravity=2, starts_at=now, ends_at=now - timedelta(hours=1), by=cast.admin
        )
