"""Who may do what with an article, beyond reading it."""

from madoguchi.knowledge.models import Article, Audience, Governance, State
from madoguchi.people.access import Access, Capability


def hears_of(access: Access, article: Article) -> bool:
    """``meant_for`` of one article: whether this person may be told that there is one, and its title."""
    if not access.can(Capability.READ_KNOWLEDGE):
        return False
    return not access.is_partner or article.audience != Audience.STAFF or article.owner_team_id in access.team_ids


def may_propose(access: Access) -> bool:
    """Everybody who works tickets may write down a problem, and say that an article is wrong."""
    return access.can(Capability.READ_KNOWLEDGE) and (
        access.can(Capability.WORK_TICKETS) or access.can(Capability.EDIT_KNOWLEDGE)
    )


def may_keep(access: Access, article: Article) -> bool:
    """Whoever vouches for it: the knowledge keepers and, for its own articles, the owner team; never a partner."""
    if access.can(Capability.EDIT_KNOWLEDGE):
        return True
    return article.owner_team is not None and not access.is_partner and access.acts_for(article.owner_team)


def may_improve(access: Access, article: Article) -> bool:
    """Whether this person may change what it says. What the public reads changes only with whoever vouches for it."""
    if may_keep(access, article):
        return True
    public = article.audience == Audience.PUBLIC and article.state == State.VALIDATED
    open_ = article.governance == Governance.OPEN and article.state != State.ARCHIVED
    return may_propose(access) and open_ and not public
