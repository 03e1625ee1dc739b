"""Tables of articles, of what readers say about them, and of their use."""

from madoguchi.knowledge.models.articles import (
    KEPT_TEXTS,
    Article,
    ArticleQuerySet,
    ArticleText,
    ArticleVersion,
    ArticleVersionQuerySet,
    Audience,
    Governance,
    Picture,
    PictureQuerySet,
    State,
    day_number,
)
from madoguchi.knowledge.models.comments import ArticleComment, CommentQuerySet
from madoguchi.knowledge.models.use import HelpMark, Place, Search, Showing

__all__ = [
    "KEPT_TEXTS",
    "Article",
    "ArticleComment",
    "ArticleQuerySet",
    "ArticleText",
    "ArticleVersion",
    "ArticleVersionQuerySet",
    "Audience",
    "CommentQuerySet",
    "Governance",
    "HelpMark",
    "Picture",
    "PictureQuerySet",
    "Place",
    "Search",
    "Showing",
    "State",
    "day_number",
]
