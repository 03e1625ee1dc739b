"""One page: what else happens when the journal says something.

Reactions run in the same transaction and only write rows.
"""

from collections.abc import Mapping

from madoguchi.interactions.from_calls import follow_call
from madoguchi.journal.record import Reaction
from madoguchi.rules.engine import react
from madoguchi.search.index import Source
from madoguchi.tickets import queries as tickets
from madoguchi.tickets.actions.join_contacts import join_contacts
from madoguchi.tickets.actions.receive_mail import receive_mail, show_machine_mail
from madoguchi.tickets.actions.track_call_back import follow_call_back

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "call.started": (follow_call,),
    "call.queued": (follow_call,),
    "call.offered": (follow_call,),
    "call.answered": (follow_call,),
    "call.abandoned": (follow_call, react),
    "call.ended": (follow_call,),
    "call.corrected": (follow_call,),
    "call.merged": (join_contacts,),
    "call_back.attempted": (follow_call_back,),
    "call_back.done": (follow_call_back,),
    "mail.received": (receive_mail,),
    "mail.auto_reply_received": (show_machine_mail,),
    "mail.bounce_received": (show_machine_mail,),
    "ticket.opened": (react,),
    "ticket.changed": (react,),
    "ticket.waiting": (react,),
    "ticket.went_on": (react,),
    "ticket.referred_to_sales": (react,),
    "ticket.frozen": (react,),
    "ticket.resolved": (react,),
    "ticket.reopened": (react,),
    "ticket.closed": (react,),
    "ticket.merged": (react,),
    "message.received": (react,),
    "message.posted": (react,),
    "handoff.offered": (react,),
    "handoff.accepted": (react,),
    "handoff.returned": (react,),
    "handoff.recalled": (react,),
    "routing.decided": (react,),
}

# Which texts stand behind a thing that can be found by its words: kind → function(ids) → {id: text}.
SEARCH_SOURCES: Mapping[str, Source] = {"ticket": tickets.texts}
