"""Who contacts the desk and what they are entitled to; who works here, in which team, with which role."""

from madoguchi.people.cover import Absence, Duty
from madoguchi.people.customers import Contract, EmailAddress, InstalledItem, Organization, Person, PhoneNumber
from madoguchi.people.staff import Contact, Department, Membership, Role, Staff, Team
from madoguchi.people.tokens import ApiToken

__all__ = [
    "Absence",
    "ApiToken",
    "Contact",
    "Contract",
    "Department",
    "Duty",
    "EmailAddress",
    "InstalledItem",
    "Membership",
    "Organization",
    "Person",
    "PhoneNumber",
    "Role",
    "Staff",
    "Team",
]
