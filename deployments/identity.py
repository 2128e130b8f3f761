"""Who answers: the identity that a way of answering proves, as the application's `contacts` know it."""

from contextlib import suppress

from pydantic import ValidationError

from blocks.installation import Installation
from blocks.secrets import resolve
from blocks.store import configurations
from domain.contacts import Contact, Person, called, person
from domain.errors import ConfigurationError, NotAllowed, UnknownApplication

SLACK = "slack"


def contacts_of(here: Installation, application: str) -> list[Contact]:
    """The contacts as applied; none where nothing is applied. One that needs a secret which is not here is left out."""
    try:
        applied = configurations.of(here.store.database, application)
    except UnknownApplication:
        return []
    found = []
    for entry in applied.document.get("contacts", []):
        with suppress(ConfigurationError, ValidationError):
            found.append(Contact.model_validate(resolve(entry, applied.source, {}, "contacts")))
    return found


def who(here: Installation, application: str, via: str, identity: str) -> Person:
    """The person behind a proven identity: a login name of this host, or a member id of Slack.

    Raises:
        NotAllowed: a member of Slack whom no contact knows. A login that none knows is its own person: who can use
            Backout's key at the host can answer where the policy names no approvers.
    """
    contacts = contacts_of(here, application)
    if via != SLACK:
        return person(contacts, "unix", identity) or Person(identity)
    found = person(contacts, "slack", identity)
    if found is None:
        why = f"no contact of {application} has `identities: {{slack: {identity}}}`"
        step = "add it in backout.yaml and run `backout apply`; or answer at the host with `backout approve`"
        raise NotAllowed(person=f"Slack member {identity}", wanted="answer here", why=why, step=step)
    return found


def requester(here: Installation, application: str, by: str) -> str:
    """Who asked, under the name that their answers would have; `by`: `name@host`, or as typed."""
    return called(contacts_of(here, application), by.partition("@")[0]).name
