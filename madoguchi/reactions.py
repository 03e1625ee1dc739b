"""One page: what else happens when the journal says something.

Reactions run in the same transaction and only write rows.
"""

from collections.abc import Mapping

from madoguchi.clocks import follow as clocks
from madoguchi.clocks.calls import tell_called_again
from madoguchi.consultations.actions import follow as questions
from madoguchi.consultations.actions import receive as consultations
from madoguchi.interactions import owing
from madoguchi.interactions.bypasses import receive_record
from madoguchi.interactions.from_calls import follow_call
from madoguchi.interactions.signatures import propose_numbers
from madoguchi.journal.record import Reaction
from madoguchi.knowledge.following import follow_category
from madoguchi.notifications import alarms, articles, lines
from madoguchi.notifications.bypasses import ask_sender, tell_leaders
from madoguchi.notifications.cover import tell_duty, tell_substitute
from madoguchi.rules.engine import react
from madoguchi.search.index import Source
from madoguchi.telephony.actions.orders import follow_state
from madoguchi.tickets import queries as tickets
from madoguchi.tickets.actions.join_contacts import join_contacts
from madoguchi.tickets.actions.receive_mail import receive_mail, show_machine_mail
from madoguchi.tickets.actions.track_call_back import follow_call_back

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "absence.ended": (tell_substitute,),
    "absence.noted": (tell_substitute,),
    "article.comment_answered": (articles.tell_answered,),
    "article.comment_late": (articles.tell_late,),
    "article.commented": (articles.tell_commented,),
    "calendar.added": (clocks.follow_book,),
    "calendar.changed": (clocks.follow_book,),
    "calendar.days_changed": (clocks.follow_book,),
    "calendar.holidays_taken_in": (clocks.follow_book,),
    "calendar.hours_changed": (clocks.follow_book,),
    "calendar.hours_withdrawn": (clocks.follow_book,),
    "calendar.made_default": (clocks.follow_book,),
    "call.abandoned": (follow_call, react),
    "bypass.draft_waits": (tell_leaders,),
    "bypass.drafted": (ask_sender,),
    "call.alarm_raised": (alarms.tell_supervisors,),
    "call.answered": (follow_call,),
    "call.corrected": (follow_call,),
    "call.ended": (follow_call,),
    "call.merged": (owing.follow_merged, join_contacts),
    "call.offered": (follow_call,),
    "call.queued": (follow_call,),
    "call.started": (follow_call,),
    "call.wrapup_ended": (react,),
    "call_back.attempted": (follow_call_back, clocks.follow_call),
    "call_back.done": (follow_call_back, clocks.follow_call, react, tell_called_again),
    "call_back.tied": (clocks.follow_ticket,),
    "category.added": (clocks.follow_book,),
    "category.changed": (clocks.follow_book, follow_category),
    "clock.breached": (react,),
    "clock.started": (clocks.follow_ticket,),
    "clock.warned": (react,),
    "consultation.answered": (clocks.follow_ticket,),
    "consultation.asked": (clocks.follow_ticket,),
    "consultation.asked_back": (clocks.follow_ticket,),
    "consultation.declined": (clocks.follow_ticket,),
    "consultation.exhausted": (clocks.follow_ticket,),
    "consultation.moved": (clocks.follow_ticket,),
    "consultation.moved_on": (clocks.follow_ticket,),
    "consultation.needs_time": (clocks.follow_ticket,),
    "consultation.replied": (clocks.follow_ticket,),
    "consultation.reread": (clocks.follow_ticket,),
    "consultation.withdrawn": (clocks.follow_ticket,),
    "duty.removed": (tell_duty,),
    "duty.set": (tell_duty,),
    "handoff.accepted": (clocks.follow_ticket, react),
    "handoff.offered": (clocks.follow_ticket, react),
    "handoff.recalled": (clocks.follow_ticket, react),
    "handoff.returned": (clocks.follow_ticket, react),
    "interaction.dismissed": (owing.follow_settled,),
    "interaction.identified": (owing.follow_identified,),
    "interaction.linked": (clocks.follow_ticket, react),
    "interaction.opened": (propose_numbers,),
    "mail.auto_reply_received": (show_machine_mail, consultations.receive_machine_mail),
    "mail.bounce_received": (show_machine_mail, consultations.receive_machine_mail),
    "mail.failed": (consultations.notice_failure,),
    "mail.received": (receive_record, receive_mail, consultations.receive_mail),
    "message.posted": (clocks.follow_ticket, react),
    "message.received": (clocks.follow_ticket, react),
    "operator.state_changed": (follow_state,),
    "pbx.connected": (lines.tell_back,),
    "pbx.stays_down": (lines.tell_lost,),
    "routing.decided": (clocks.follow_ticket, react),
    "team.added": (clocks.follow_book,),
    "team.changed": (clocks.follow_book,),
    "ticket.changed": (clocks.follow_ticket, react),
    "ticket.closed": (clocks.follow_ticket, react),
    "ticket.frozen": (react,),
    "ticket.merged": (clocks.follow_ticket, react, questions.move_questions),
    "ticket.opened": (clocks.follow_ticket, react),
    "ticket.referred_to_sales": (clocks.follow_ticket, react),
    "ticket.reopened": (clocks.follow_ticket, react, questions.resume_questions),
    "ticket.resolved": (clocks.follow_ticket, react),
    "ticket.waiting": (clocks.follow_ticket, react),
    "ticket.went_on": (clocks.follow_ticket, react),
}

# Which texts stand behind a thing that can be found by its words: kind → function(ids) → {id: text}.
SEARCH_SOURCES: Mapping[str, Source] = {"ticket": tickets.texts}
