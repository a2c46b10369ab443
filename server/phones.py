"""`serve --lan`: what it takes to let the phones around in, and how they are told.

Knows the command line's words and a terminal. Never knows how a certificate is made (lan.py) or served (tls.py).
"""

import io
import os
import ssl
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import segno

from server.lan import LanError, certificate_path, choose_addresses, kept_certificate, own_addresses
from server.loading import Loaded
from server.tls import TlsError, server_context


@dataclass(frozen=True)
class Network:
    """What it takes to serve the local network: where, with what, and by what a visitor may know it again."""

    addresses: Sequence[str]
    tls: ssl.SSLContext
    fingerprint: str

    @classmethod
    def of(cls, loaded: Loaded) -> "Network":
        """Return it as this machine is now. Ends the command with a sentence if it cannot be."""
        if loaded.settings.tls_cert:
            raise click.UsageError("--lan makes a certificate of its own; with tls_cert, leave it out and set host.")
        wanted = loaded.settings.host if loaded.explicit("host") else None
        try:
            addresses = choose_addresses(wanted, own_addresses())
            path = certificate_path(os.environ)
            fingerprint = kept_certificate(path, addresses, now=datetime.now(UTC))
            return cls(addresses, server_context(path, path), fingerprint)
        except (LanError, TlsError) as error:
            raise click.ClickException(str(error)) from None

    def invitation(self, page: str) -> str:
        """Return a QR code for phones, where it can be drawn, and what they will be asked."""
        warned = textwrap.fill(
            "The phone will warn that the connection is not private, because nobody but this machine vouches for its "
            "certificate. In your own network that is as it should be: choose Advanced (on an iPhone Show Details), "
            "then visit the site all the same. The certificate's SHA-256 is",
            100,
        )
        digest = textwrap.fill(
            self.fingerprint, 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
        return f"{qr_code(page) if sys.stdout.isatty() else ''}\n{warned}\n{digest}\n"


def qr_code(link: str) -> str:
    """Return the link as a QR code for a terminal: white paper and black ink, whatever its colours are."""
    drawn = io.StringIO()
    segno.make(link, micro=False).terminal(drawn, border=2, compact=True)
    return "".join(f"  \x1b[97;40m{line}\x1b[0m\n" for line in drawn.getvalue().splitlines())
