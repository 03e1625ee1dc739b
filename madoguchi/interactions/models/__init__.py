"""Tables of contacts, of the calls that are owed, and of what was noted about them."""

from madoguchi.interactions.models.bypasses import BypassDraft, BypassLetter, BypassPolicy
from madoguchi.interactions.models.call_backs import (
    WARN_AHEAD,
    Attempt,
    CallBack,
    CallBackPolicy,
    CallBackQuerySet,
    VainCall,
)
from madoguchi.interactions.models.contacts import (
    SPOKEN,
    Channel,
    IdentityCheck,
    IntakeDraft,
    Interaction,
    InteractionQuerySet,
    Passing,
)
from madoguchi.interactions.models.difficult import (
    Difficulty,
    DifficultyKind,
    DifficultyQuerySet,
    ListeningNote,
    RequiredStep,
)
from madoguchi.interactions.models.numbers import NumberProposal
from madoguchi.interactions.models.reasons import LONGEST_KEY, NoTicketReason

__all__ = [
    "LONGEST_KEY",
    "SPOKEN",
    "WARN_AHEAD",
    "Attempt",
    "BypassDraft",
    "BypassLetter",
    "BypassPolicy",
    "CallBack",
    "CallBackPolicy",
    "CallBackQuerySet",
    "Channel",
    "Difficulty",
    "DifficultyKind",
    "DifficultyQuerySet",
    "IdentityCheck",
    "IntakeDraft",
    "Interaction",
    "InteractionQuerySet",
    "ListeningNote",
    "NoTicketReason",
    "NumberProposal",
    "Passing",
    "RequiredStep",
    "VainCall",
]
