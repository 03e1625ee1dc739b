"""What is in the directory goes out and comes in again without a change."""

import string
from typing import Any

from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.catalog.models import Category
from madoguchi.directory.actions import apply
from madoguchi.directory.csv_read import read
from madoguchi.directory.csv_write import write
from madoguchi.directory.plan import plan
from madoguchi.foundation.japanese import search_key
from madoguchi.journal.record import SYSTEM
from madoguchi.people.actions.departments import cleaned
from madoguchi.people.models import Contact, Department, Topic, TopicContact
from tests.cast import Cast

LETTERS = string.ascii_letters + "山田経理窓口アｱ髙 　'=+-@\",;\n\t<>｡0１"
TEXT = st.text(st.sampled_from(LETTERS), max_size=12).map(str.strip)
EMAIL = st.sampled_from(["", "a@example.jp", "B@example.jp", "c@example.jp"])
CONTACT = st.fixed_dictionaries(
    {
        "name": TEXT.filter(search_key),
        "kana": TEXT,
        "title": TEXT,
        "is_shared": st.booleans(),
        "email": EMAIL,
        "phone": st.sampled_from(["", "03-1234-5678", "1001", "+1 212 555 0100", "0120-123-456"]),
        "extension": st.sampled_from(["", "0012", "1-2", "4001"]),
        "mobile": st.sampled_from(["", "090-1234-5678"]),
        "chat_url": st.sampled_from(["", "https://chat.example/hook?a=1,2"]),
        "channels": st.lists(st.sampled_from(["mail", "phone", "chat", "sms"]), min_size=1, unique=True),
        "note": TEXT,
        "origin": st.sampled_from(["", "csv:7", "ldap:8", "csv:9"]),
        "in_chain": st.booleans(),
    }
)
DEPARTMENT = st.fixed_dictionaries(
    {
        "name": TEXT.filter(search_key),
        "name_en": TEXT,
        "kana": TEXT,
        "about": TEXT,
        "phone": st.sampled_from(["", "03-1111-2222"]),
        "is_partner": st.booleans(),
        "answer_within_s": st.sampled_from([1, 90, 1800, 14_400, 400_000]),
    }
)
TOPIC = st.fixed_dictionaries(
    {"name": TEXT.filter(bool), "name_en": TEXT, "words": TEXT, "position": st.integers(0, 300)}
    | {"answer_within_s": st.sampled_from([None, 60, 7200])}
)
HOUSE = st.lists(
    st.tuples(
        DEPARTMENT,
        st.lists(CONTACT, max_size=4, unique_by=lambda one: (search_key(str(one["name"])), str(one["email"]).lower())),
        st.lists(st.tuples(TOPIC, st.sets(st.integers(0, 3)), st.booleans()), max_size=2),
        st.integers(0, 3),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
    ),
    min_size=1,
    max_size=3,
)


def set_up(house: Any, category: Category) -> None:
    """The rows as the acts would write them, in few statements."""
    origins: set[str] = set()
    for number, (fields, people, topics, manager, deputies) in enumerate(house):
        department = Department.objects.create(key=f"d{number}", **cleaned(fields))
        contacts = []
        for place, person in enumerate(people):
            told = cleaned({name: value for name, value in person.items() if name != "in_chain"})
            told["origin"] = "" if told["origin"] in origins else told["origin"]
            origins.add(told["origin"])
            contacts.append(Contact(department=department, position=place if person["in_chain"] else None, **told))
        Contact.objects.bulk_create(contacts)
        for one, other in deputies:
            if one != other and max(one, other) < len(contacts):
                Contact.objects.filter(pk=contacts[one].pk).update(deputy=contacts[other])
        if manager < len(contacts):
            Department.objects.filter(pk=department.pk).update(manager=contacts[manager])
        for place, (topic, members, linked) in enumerate(topics):
            row = Topic.objects.create(department=department, key=f"t{place}", **topic)
            TopicContact.objects.bulk_create(
                TopicContact(topic=row, contact=contacts[one], position=one) for one in members if one < len(contacts)
            )
            if linked:
                category.topics.add(row)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOUSE, st.sampled_from(["ja", "en"]), st.sampled_from(["utf-8", "utf-16"]), st.booleans())
def test_what_is_written_comes_in_again_without_a_change(
    cast: Cast, house: Any, language: str, encoding: str, complete: bool
) -> None:
    with transaction.atomic(), translation.override(language):
        set_up(house, cast.mail_trouble)
        again = plan(read("".join(write()).encode(encoding)), complete=complete)
        assert ([row.reason for row in again.refused], again.is_empty) == ([], True)
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOUSE)
def test_what_is_written_makes_the_same_directory_on_an_empty_desk(cast: Cast, house: Any) -> None:
    with transaction.atomic():
        set_up(house, cast.mail_trouble)
        written = "".join(write())
        TopicContact.objects.all().delete()
        Department.objects.all().delete()
        done = apply(plan(read(written.encode())), by=SYSTEM)
        assert (done.refused, "".join(write())) == ([], written)
        transaction.set_rollback(True)
