"""Who works here: added, given roles, deactivated; the last administrator stays."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people import actions, tokens
from madoguchi.people.access import access_of
from madoguchi.people.models import ApiToken, Role, Staff
from tests.cast import Cast


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_somebody_new_can_do_nothing_until_roles_and_password_are_given(cast: Cast) -> None:
    new = actions.add_staff(email=" Nishida@Example.JP ", family_name="西田", kana="ニシダ", by=cast.admin)
    assert (new.email, new.kana, new.has_usable_password()) == ("nishida@example.jp", "にしだ", False)
    actions.set_roles(new, [(Role.OPERATOR, cast.call_centre), (Role.VIEWER, None)], by=cast.admin)
    password = actions.set_password(new, by=cast.admin)
    assert access_of(Staff.objects.get(pk=new.pk)).roles == {"operator", "viewer"}
    assert len(password) >= 16
    assert authenticate(None, email="nishida@example.jp", password=password) == new
    assert kinds() == ["staff.added", "staff.roles_changed", "staff.password_set"]
    assert password not in str(list(Entry.objects.values_list("data", flat=True)))


def test_the_same_roles_again_are_no_event(cast: Cast) -> None:
    actions.set_roles(cast.sato, [(Role.OPERATOR, cast.call_centre)], by=cast.admin)
    assert kinds() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"email": "SUZUKI@example.jp"}, "email_taken"), ({"extension": "1002"}, "extension_taken")],
)
def test_address_and_extension_belong_to_one_only(cast: Cast, fields: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        actions.change_staff(cast.sato, by=cast.admin, **fields)
    assert (refusal.value.code, refusal.value.status) == (code, 409)
    assert Staff.objects.get(pk=cast.sato.pk).extension == "1001"


def test_the_last_administrator_is_neither_demoted_nor_deactivated(cast: Cast) -> None:
    for act in (
        lambda: actions.set_roles(cast.admin, [(Role.VIEWER, None)], by=cast.admin),
        lambda: actions.deactivate_staff(cast.admin, by=cast.admin),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert (refusal.value.code, refusal.value.status) == ("last_administrator", 409)
    assert str(refusal.value) == "中村 剛 さんは最後の管理者です。先に別の人を管理者にしてください。"
    assert kinds() == []
    actions.set_roles(cast.hayashi, [(Role.ADMINISTRATOR, None)], by=cast.admin)
    actions.deactivate_staff(cast.admin, by=cast.hayashi)
    with pytest.raises(Refused):  # an administrator who left counts for nothing
        actions.set_roles(cast.hayashi, [], by=cast.hayashi)


def test_an_administrator_of_one_team_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.set_roles(cast.sato, [(Role.ADMINISTRATOR, cast.call_centre)], by=cast.admin)
    assert refusal.value.code == "administrator_of_team"
    with pytest.raises(Refused) as refusal:
        actions.set_roles(cast.sato, [("emperor", None)], by=cast.admin)
    assert refusal.value.code == "unknown_role"


def test_who_leaves_is_shut_out_and_the_extension_is_free(cast: Cast) -> None:
    text = actions.create_token(cast.sato, name="x", scopes=["tickets:read"], by=cast.admin)
    assert tokens.find(text) is not None
    actions.deactivate_staff(cast.sato, by=cast.admin)
    actions.deactivate_staff(cast.sato, by=cast.admin)
    assert tokens.find(text) is None
    actions.change_staff(cast.suzuki, extension="1001", by=cast.admin)
    actions.activate_staff(cast.sato, by=cast.admin)
    assert tokens.find(text) is None
    assert Staff.objects.get(pk=cast.sato.pk).extension == ""
    assert kinds() == ["staff.token_created", "staff.deactivated", "staff.changed", "staff.activated"]


def test_a_weak_password_is_refused_in_words(cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        actions.set_password(cast.sato, password="password", by=cast.admin)
    assert refusal.value.code == "weak_password"
    assert authenticate(None, email=cast.sato.email, password="password") is None


def test_a_token_names_its_scopes_and_is_revoked_once(cast: Cast) -> None:
    for scopes in ([], ["tickets:read", "everything"]):
        with pytest.raises(Refused):
            actions.create_token(cast.sato, name="", scopes=scopes, by=cast.admin)
    actions.create_token(cast.sato, name="CTI", scopes=["calls:write"], by=cast.admin)
    token = ApiToken.objects.get()
    actions.revoke_token(token, by=cast.admin)
    actions.revoke_token(token, by=cast.admin)
    assert kinds() == ["staff.token_created", "staff.token_revoked"]


def test_the_second_factor_is_taken_away(cast: Cast) -> None:
    Authenticator.objects.create(user_id=cast.sato.pk, type="totp", data={"secret": "x"})
    assert actions.reset_mfa(cast.sato, by=cast.admin) == 1
    assert actions.reset_mfa(cast.sato, by=cast.admin) == 0
    assert kinds() == ["staff.mfa_reset"]
