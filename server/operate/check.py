"""`hereabouts check`: tries what the settings name, and says what would not work and what to do about it.

Knows in which order what was found is told. What is tried, and how, checks/ knows.
"""

import logging
from collections.abc import Callable, Iterator

import click

from server.config import settings_options
from server.loading import Loaded
from server.operate.checks.files import certificate_serves, words_can_be_read
from server.operate.checks.finding import WRONG, Finding
from server.operate.checks.folder import folder_can_be_used
from server.operate.checks.machine import files_suffice, own_ports_are_free, port_is_free
from server.operate.checks.others import application_is_there, nodes_can_meet, redis_keeps, webhook_is_there
from server.operate.checks.secrecy import admin_token_is_safe, secret_is_strong
from server.operate.checks.ways_in import operator_has_a_socket, people_can_object, proxies_are_ones_own

Check = Callable[[Loaded], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    port_is_free,
    own_ports_are_free,
    folder_can_be_used,
    redis_keeps,
    nodes_can_meet,
    secret_is_strong,
    operator_has_a_socket,
    admin_token_is_safe,
    people_can_object,
    proxies_are_ones_own,
    certificate_serves,
    words_can_be_read,
    application_is_there,
    webhook_is_there,
    files_suffice,
)


@click.command(
    epilog="""\b
Examples:
  hereabouts check
  hereabouts check --config hereabouts.toml
"""
)
@settings_options
def check(loaded: Loaded) -> None:
    """Try what the settings name, and say what would not work and what to do. Changes nothing.

    Ends with status 1 if something would not work, with 2 if the settings cannot be read at all.
    """
    # What a server would log is told here as a finding; with no handler at all Python prints it a second time.
    logging.getLogger("hereabouts").addHandler(logging.NullHandler())
    # What is wrong with one Redis may be met by several.
    found = list(dict.fromkeys(finding for one in CHECKS for finding in one(loaded)))
    for finding in found:
        click.echo(f"{finding.level:<5}  {finding.says}")
    if any(finding.level == WRONG for finding in found):
        raise SystemExit(1)
