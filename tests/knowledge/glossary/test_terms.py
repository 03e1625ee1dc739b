"""The glossary: written once per word, read by whoever may, in and out as a file."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry as Happened
from madoguchi.knowledge.glossary import matcher
from madoguchi.knowledge.glossary.actions import Entry, add, change, remove
from madoguchi.knowledge.glossary.exchange import COLUMNS, rows, take_in
from madoguchi.knowledge.glossary.matcher import matcher_for
from madoguchi.knowledge.glossary.models import Term
from madoguchi.people.access import access_of
from madoguchi.web.shell.export import csv_lines
from tests.cast import Cast

VPN = Entry(name="VPN", reading="ブイピーエヌ", also=("リモート接続", "ｖｐｎ"), explanation="社外からの通路。")


def test_a_term_knows_its_row_and_each_writing_once(cast: Cast) -> None:
    term = add(VPN, by=cast.kimura)
    assert (term.reading, term.row, term.also) == ("ぶいぴーえぬ", "は", ["リモート接続"])
    assert Happened.objects.get(kind="term.added").data == {"name": "VPN"}


@pytest.mark.parametrize("writing", ["vpn", "ＶＰＮ", "リモート接続"])
def test_a_writing_means_one_thing(cast: Cast, writing: str) -> None:
    add(VPN, by=cast.kimura)
    with pytest.raises(Refused) as refused:
        add(Entry(name=writing, explanation="別のもの"), by=cast.kimura)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"explanation": " \n"},
        {"explanation": "x" * 2001},
        {"name": "x" * 81},
        {"audience": "all"},
        {"also": tuple(f"w{place}" for place in range(21))},
    ],
)
def test_what_says_nothing_or_too_much_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add(replace(VPN, **wrong), by=cast.kimura)
    assert not Term.objects.exists()


def test_nobody_overwrites_what_they_have_not_read(cast: Cast) -> None:
    term = add(VPN, by=cast.kimura)
    assert change(term, VPN, version=1, by=cast.kimura).version == 1  # nothing differs
    assert change(term, replace(VPN, explanation="新しい"), version=1, by=cast.kimura).version == 2
    with pytest.raises(Refused) as refused:
        change(term, VPN, version=1, by=cast.admin)
    assert refused.value.status == 409


def test_the_matcher_follows_every_change(cast: Cast, django_assert_num_queries: Any) -> None:
    matcher.forget()
    access = access_of(cast.sato)
    assert matcher_for(access).writings == {}
    one, two = add(VPN, by=cast.kimura), add(replace(VPN, name="LAN", also=()), by=cast.kimura)
    assert {*matcher_for(access).writings} == {"v", "リ", "l"}
    change(one, replace(VPN, also=()), by=cast.kimura)
    assert {*matcher_for(access).writings} == {"v", "l"}
    remove(one, by=cast.kimura)
    assert {*matcher_for(access).writings} == {"l"}
    with django_assert_num_queries(1):
        matcher_for(access)
    remove(two, by=cast.kimura)
    assert matcher_for(access).writings == {}


def test_each_reader_sees_the_words_for_them(cast: Cast) -> None:
    for name, audience in (("ア", "staff"), ("イ", "first_line"), ("ウ", "public")):
        add(Entry(name=name, explanation="x", audience=audience), by=cast.kimura)
    seen = {
        who: "".join(sorted(matcher_for(access_of(person) if person else None).writings))
        for who, person in {"sato": cast.sato, "ogawa": cast.ogawa, "kuroda": cast.outsider, "nobody": None}.items()
    }
    assert seen == {"sato": "アイウ", "ogawa": "イウ", "kuroda": "", "nobody": "ウ"}
    assert [term.name for term in Term.objects.visible_to(access_of(cast.ogawa))] == ["イ", "ウ"]


def test_what_is_exported_comes_in_again_without_a_change(cast: Cast) -> None:
    add(replace(VPN, category=cast.mail_trouble), by=cast.kimura)
    add(Entry(name="稟議", reading="りんぎ", explanation="順に回す。\n2行目", audience="public"), by=cast.kimura)
    file = "".join(csv_lines(COLUMNS, rows())).encode()
    report = take_in(file, by=cast.kimura)
    assert (report.added, report.changed, report.unchanged, report.refused) == (0, 0, 2, [])
    Term.objects.all().delete()
    assert take_in(file, by=cast.kimura).added == 2
    assert Term.objects.get(name="VPN").category == cast.mail_trouble
    assert Term.objects.get(name="稟議").explanation == "順に回す。\n2行目"


def test_a_bad_row_is_told_and_the_others_come_in(cast: Cast) -> None:
    add(VPN, by=cast.kimura)
    file = "term,explanation,category\nvpn,変えた,\nLAN,,\nDNS,名前を調べる,nowhere\nIP,番号,mail-trouble\n".encode(
        "cp932"
    )
    report = take_in(file, by=cast.kimura)
    assert (report.added, report.changed) == (1, 1)
    assert [line for line, _reason in report.refused] == [3, 4]
    assert Term.objects.get(name="vpn").reading == "ぶいぴーえぬ"  # an empty or missing cell keeps what was there
    with pytest.raises(Refused):
        take_in(b"\x00\xff\xfe", by=cast.kimura)


def test_a_file_is_compared_with_what_is_explained_once_and_with_itself(cast: Cast) -> None:
    add(VPN, by=cast.kimura)
    told = [f"語{place},,言葉" for place in range(20)] + [
        "語x,語3,言葉",
        "語3,語三,言葉",
        "語y,語三,言葉",
        "語3,語参,言葉",
        "語z,語三,言葉",
    ]
    with CaptureQueriesContext(connection) as asked:
        report = take_in("\n".join(["term,also,explanation", *told]).encode(), by=cast.kimura)
    # Of two that want a word the first has it, until it gives it up.
    assert (report.added, report.changed, [line for line, _why in report.refused]) == (21, 2, [22, 24])
    assert Term.objects.get(name="語z").also == ["語三"]
    assert sum('"also" FROM' in query["sql"] for query in asked) == 1
