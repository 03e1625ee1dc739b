"""Articles as Markdown files with their pictures beside them."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from madoguchi.files import store
from madoguchi.knowledge.folder import text
from madoguchi.knowledge.models import Article, ArticleQuerySet, Picture
from madoguchi.knowledge.pictures import ENDINGS, named
from madoguchi.knowledge.versions import fields_of

type Put = Callable[[str, bytes], None]


def to_folder(rows: ArticleQuerySet, folder: Path) -> int:
    """Write the articles into a folder (made when it is not there); how many. Other files in it are left alone."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)

    def put(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)

    return _all(rows, put)


def to_zip(rows: ArticleQuerySet, file: IO[bytes]) -> int:
    """The same as a zip; how many articles."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        return _all(rows, packed.writestr)


def _all(rows: ArticleQuerySet, put: Put) -> int:
    put_already: set[str] = set()
    count = 0
    for article, pictures in _with_pictures(rows):
        for picture in pictures.values():
            name = f"pictures/{picture.code}.{ENDINGS[picture.content_type]}"
            if name not in put_already:
                put_already.add(name)
                put(name, store.read(picture.file))
        # Long keys that begin alike would share a name: the later one is told apart by its number.
        name = text.file_name(article.key)
        if name.lower() in put_already:
            name = f"{article.pk}-{name}"
        put_already.add(name.lower())
        put(name, _written(article, pictures).encode())
        count += 1
    return count


def _with_pictures(rows: ArticleQuerySet) -> Iterator[tuple[Article, dict[str, Picture]]]:
    batch: list[Article] = []
    for article in rows.light().select_related("category", "owner_team").order_by("pk").iterator(chunk_size=200):
        batch.append(article)
        if len(batch) == 200:
            yield from _looked_up(batch)
            batch = []
    yield from _looked_up(batch)


def _looked_up(batch: list[Article]) -> Iterator[tuple[Article, dict[str, Picture]]]:
    codes = {article.pk: named(article.answer) for article in batch}
    wanted = {code for some in codes.values() for code in some}
    known = {row.code: row for row in Picture.objects.filter(code__in=wanted).select_related("file")} if wanted else {}
    for article in batch:
        yield article, {code: known[code] for code in codes[article.pk] if code in known}


def _written(article: Article, pictures: dict[str, Picture]) -> str:
    fields = fields_of(article)
    fields |= {"key": article.key, "question": article.question, "owner": fields["owner_team"]}
    return text.write(
        fields,
        article.answer,
        lambda code: ENDINGS[pictures[code].content_type] if code in pictures else "png",
    )
