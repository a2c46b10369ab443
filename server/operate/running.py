"""Whether what listens at an address is a Hereabouts server: it is asked for its `/about`.

Knows one HTTP request to this machine. Never knows what its answer is used for.
"""

import http.client
import json
import ssl

LONGEST_BYTES = 1 << 20
_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Who listens at all addresses of a machine is asked at one that only this machine has."""


def server_at(host: str, port: int, *, is_tls: bool, within_s: float) -> str:
    """Return the name and the version of the server that answers there, "" if none does.

    Args:
        host: a number, not a name.
        is_tls: whether it is asked by TLS. Whose certificate it shows is nothing to this: nothing is told to it.
        within_s: for each of its answers.
    """
    host = _ALL.get(host, host)
    connection = (
        http.client.HTTPSConnection(host, port, timeout=within_s, context=_any_certificate())
        if is_tls
        else http.client.HTTPConnection(host, port, timeout=within_s)
    )
    try:
        connection.request("GET", "/about")
        about = json.loads(connection.getresponse().read(LONGEST_BYTES))
        if about["protocol"] and "enter" in about["commands"]:
            return f"{about['name']}, version {about['version']}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, RecursionError):
        pass
    finally:
        connection.close()
    return ""


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
