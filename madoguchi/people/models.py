"""Who contacts the desk and what they are entitled to; who works here, in which role; whom one asks."""

from madoguchi.people.cover import Absence, Duty
from madoguchi.people.customers import Contract, EmailAddress, InstalledItem, Organization, Person, PhoneNumber
from madoguchi.people.departments import (
    Contact,
    ContactAbsence,
    ContactChannel,
    Department,
    Topic,
    TopicContact,
)
from madoguchi.people.staff import Membership, OutsideHours, Role, Staff, Team
from madoguchi.people.tokens import ApiToken

__all__ = [
    "Absence",
    "ApiToken",
    "Contact",
    "ContactAbsence",
    "ContactChannel",
    "Contract",
    "Department",
    "Duty",
    "EmailAddress",
    "InstalledItem",
    "Membership",
    "Organization",
    "OutsideHours",
    "Person",
    "PhoneNumber",
    "Role",
    "Staff",
    "Team",
    "Topic",
    "TopicContact",
]
