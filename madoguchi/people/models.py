"""Who contacts the desk and what they are entitled to; who works here, in which team, with which role."""

from madoguchi.people.customers import Contract, EmailAddress, InstalledItem, Organization, Person, PhoneNumber
from madoguchi.people.staff import Contact, Department, Membership, Role, Staff, Team
from madoguchi.people.tokens import ApiToken

__all__ = [
    "ApiToken",
    "Contact",
    "Contract",
    "Department",
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
