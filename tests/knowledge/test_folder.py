"""Articles go out as Markdown files and come in again as they were; what is hostile or broken is told, never obeyed."""

import io
import stat
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.cli import knowledge_export, knowledge_import
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.actions import Content, add_picture, create
from madoguchi.knowledge.folder import text
from madoguchi.knowledge.folder.give_out import to_folder, to_zip
from madoguchi.knowledge.folder.source import Folder, Zip
from madoguchi.knowledge.folder.take_in import plan, take_in
from madoguchi.knowledge.models import Article, ArticleVersion, Audience, Governance, Picture, State
from madoguchi.knowledge.versions import fields_of
from madoguchi.people.models import Staff
from tests.cast import Cast

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
LETTERS = st.text(st.sampled_from("aZ0 -#:'\"\\\n|[]()!。あア漢🙂\t%/.~{"), max_size=40)


def zipped(**files: bytes) -> io.BytesIO:
    """A zip; ``__`` in a name is a folder's stroke, ``_md`` its ending."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name.replace("__", "/").replace("_md", ".md"), content)
    packed.seek(0)
    return packed


def everything() -> dict[str, Any]:
    return {row.key: fields_of(row) for row in Article.objects.select_related("category", "owner_team")}


@given(key=LETTERS.filter(str.strip), question=LETTERS.filter(str.strip), answer=LETTERS, kept=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_out_comes_in_as_it_was(cast: Cast, key: str, question: str, answer: str, kept: bool) -> None:
    Article.objects.all().delete()
    picture = add_picture(PNG, by=cast.kimura)
    content = Content(
        question=question,
        answer=f"{answer}\n![画面](picture:{picture.code})",
        category=cast.wiring if kept else None,
        category_text='配線: "古い"',
        state=State.ARCHIVED if kept else State.VALIDATED,
        audience=Audience.STAFF,
        owner_team=cast.network if kept else None,
        review_on=date(2027, 4, 1) if kept else None,
        governance=Governance.KEPT,
    )
    create(content, key=key, by=cast.kimura)
    before = everything()
    packed = io.BytesIO()
    to_zip(Article.objects.all(), packed)
    assert take_in(Zip(packed), by=cast.kimura).count("same") == 1
    Article.objects.all().delete()
    Picture.objects.all().delete()
    assert plan(Zip(packed)).count("new") == 1
    assert everything() == {}
    outcome = take_in(Zip(packed), by=cast.kimura)
    assert [step.reason for step in outcome.refused()] == []
    assert everything() == before
    assert Article.objects.get().pictures.get().code == picture.code


def test_a_folder_goes_out_and_in_by_command(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: Any
) -> None:
    create(Content(question="印刷できない", answer="- 待つ"), key="印刷/1", by=cast.kimura)
    create(Content(question="途中", state=State.WIP), key="wip", by=cast.kimura)
    assert knowledge_export.run(arguments(folder=tmp_path / "out")) == 0
    assert sorted(file.name for file in (tmp_path / "out").glob("*.md")) == ["wip.md", "印刷%2F1.md"]
    changed = tmp_path / "out" / "wip.md"
    changed.write_text(changed.read_text("utf-8").replace("途中", "途中まで"), "utf-8")
    (tmp_path / "out" / "new.md").write_text("---\nkey: new\nquestion: 新しい問い\n---\n答え\n", "utf-8")
    (tmp_path / "out" / "README.md").write_text("# 説明\n", "utf-8")
    assert knowledge_import.run(arguments(file=tmp_path / "out", preview=True)) == 1
    assert Article.objects.count() == 2
    assert "changed: wip 途中まで [question]" in capsys.readouterr().out
    assert knowledge_import.run(arguments(file=tmp_path / "out", preview=False)) == 1
    told = capsys.readouterr()
    assert "1 new, 1 changed, 1 unchanged, 1 refused" in told.out
    assert "README.md" in told.err
    assert Article.objects.get(key="new").state == State.NOT_VALIDATED
    assert ArticleVersion.objects.filter(article__key="wip").count() == 2


@pytest.fixture
def arguments() -> Any:
    from argparse import Namespace

    return Namespace


@pytest.mark.parametrize("name", ["../evil_md", "/etc/evil_md", "a\\..\\evil_md", "C:evil_md"])
def test_a_zip_that_reaches_outside_is_refused_whole(name: str) -> None:
    with pytest.raises(Refused):
        Zip(zipped(**{name: b"x"}))


def test_links_bombs_and_what_is_no_zip_are_refused_whole() -> None:
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as file:
        entry = zipfile.ZipInfo("a.md")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(entry, "/etc/passwd")
    for hostile in (link, zipped(bomb_md=b"0" * 20_000_000), io.BytesIO(b"PK\x03\x04 no zip"), io.BytesIO(b"")):
        with pytest.raises(Refused):
            Zip(hostile)


def test_a_folder_is_not_left_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("---\nkey: s\nquestion: 秘密\n---\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.md").symlink_to(tmp_path / "secret.md")
    assert Folder(inside).texts == []
    assert to_folder(Article.objects.none(), inside) == 0


def test_one_bad_file_never_stops_the_others(cast: Cast) -> None:
    head = b"---\nkey: %s\nquestion: Q\n"
    source = Zip(
        zipped(
            a_md=head % b"a" + b"---\nfine",
            b_md=b"\xff\xfe",
            c_md=head % b"c" + b"owner: nobody\n---\nx",
            d_md=head % b"d" + b"state: perfect\n---\nx",
            e_md=head % b"e" + b"review_on: 2027-13-01\n---\nx",
            f_md=head % b"a" + b"---\ntwice",
            g_md=b"---\nquestion: Q\n---\nx",
            h_md=head % b"h" + b"nonsense\n---\nx",
            i_md=head % b"i" + b"no end",
            j_md=b"0" * 3_000_000,
            k_md=head % b"k" + b"---\n![](pictures/p.png)",
            **{"pictures__p.png": PNG, "pictures__q.png": b"<svg/>"},
            l_md=head % b"l" + b"---\n![q](pictures/q.png)",
            m_md=head % b"m" + b"---\n![p](pictures/p.png)",
        )
    )
    outcome = take_in(source, by=cast.kimura)
    assert set(Article.objects.values_list("key", flat=True)) == {"a", "m"}
    assert outcome.count("refused") == 11
    assert all(step.reason for step in outcome.refused())
    assert Article.objects.get(key="m").answer == f"![p](picture:{Picture.objects.get().code})"


def test_a_file_by_hand_keeps_what_it_does_not_say(cast: Cast, tmp_path: Path) -> None:
    whole = Content(question="Q", answer="A", owner_team=cast.network, audience=Audience.PUBLIC, state=State.VALIDATED)
    create(whole, key="a", by=cast.kimura)
    (tmp_path / "a.md").write_text("---\nkey: 'a'\n# by hand\nquestion: null\n---\nB")
    outcome = take_in(Folder(tmp_path), by=Staff.objects.get(pk=cast.kimura.pk))
    assert outcome.count("refused") == 1
    (tmp_path / "a.md").write_text("---\nkey: 'a'\n---\nB")
    assert take_in(Folder(tmp_path), by=cast.kimura).steps[0].fields == ("answer",)
    assert Article.objects.get().owner_team == cast.network
    assert text.file_name(".x").startswith("%2E")


def test_what_no_database_holds_is_left_out_of_a_file(cast: Cast, tmp_path: Path) -> None:
    said = {
        "a": 'key: "a\\ud800"\nquestion: "質\\u0001問"\ncategory_text: "\\u0000分類"',
        "b": 'key: "b\\u0000"\nquestion: "q"\nowner: "\\u0000"',
        "c": 'key: "\\u0000"\nquestion: "q"',
    }
    for name, head in said.items():
        (tmp_path / f"{name}.md").write_text(f"---\n{head}\n---\nx\n", encoding="utf-8")
    outcome = take_in(Folder(tmp_path), by=cast.kimura)
    assert [step.kind for step in outcome.steps] == ["new", "new", "refused"]
    article = Article.objects.get(key="a")
    assert (article.question, article.category_text) == ("質問", "分類")


def test_a_picture_is_read_once_for_all_files_and_again_after_one_was_refused(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(PNG)
    shown = "![画面](pictures/a.png)\n" * 20
    for name, owner in (("a", "nobody"), ("b", ""), ("c", "")):
        head = f"key: {name}\nquestion: 画面\n" + (f"owner: {owner}\n" if owner else "")
        (tmp_path / f"{name}.md").write_text(f"---\n{head}---\n{shown}", encoding="utf-8")
    read: list[str] = []
    picture = Folder.picture

    def noted(folder: Folder, beside: str, name: str) -> bytes | None:
        read.append(name)
        return picture(folder, beside, name)

    monkeypatch.setattr(Folder, "picture", noted)
    assert [step.kind for step in take_in(Folder(tmp_path), by=cast.kimura).steps] == ["refused", "new", "new"]
    assert read == ["a.png", "a.png"]
    assert Picture.objects.get().articles.count() == 2
