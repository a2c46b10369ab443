"""Why a Redis cannot be used, in an operator's words: what is wrong, and what to write or to do.

Knows the library's errors, those of TLS, and the options of an address. Must never connect to anything, nor quote
what may be a piece of a password.
"""

import difflib
import inspect
import re
import ssl
from pathlib import Path

from redis import exceptions
from redis.asyncio.connection import Connection, SSLConnection

from server.cluster.address import ESCAPED, Address
from server.cluster.trouble import EngineError

RIGHTS = "~ha:* &ha:* +@all -@admin -@dangerous +info"
"""What a node's user needs of Redis, and nothing else."""

_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_SAYS_WHY = (exceptions.ConnectionError, exceptions.NoPermissionError, exceptions.TimeoutError, TimeoutError)
"""Causes that say more than that no node of a Cluster was reached; wrong passwords are among the first."""
_OF_ANOTHER_NAME = (62, 64)
_OUT_OF_TIME = (9, 10)
"""OpenSSL's numbers for what is wrong with a certificate, of which none is that its authority is not known."""


def reason(error: BaseException, address: Address, *, within_s: float) -> str | None:  # noqa: PLR0911, PLR0912 a table in all but form
    """Return what an operator should know of a failure, as the rest of a sentence; None if it is ours.

    Args:
        within_s: how long an answer was waited for.
    """
    under = error.__cause__ or error.__context__
    if (isinstance(error, exceptions.RedisClusterException) and isinstance(under, _SAYS_WHY)) or (
        isinstance(error, exceptions.ConnectionError) and isinstance(under, ssl.SSLCertVerificationError)
    ):
        return reason(under, address, within_s=within_s)
    text = re.sub(r"\s+", " ", str(error)).strip().rstrip(".")
    one = "rediss" if address.is_tls else "redis"
    match error:
        case EngineError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return _untrusted(error, address)
        case exceptions.AuthenticationError() if "required" in text.lower():
            return f"asks for a password: write it into the address, redis://user:password@host. {ESCAPED}"
        case exceptions.AuthenticationError() | exceptions.AuthorizationError():
            return f"refuses the user or the password in the address. {ESCAPED}"
        case exceptions.NoPermissionError():
            user = address.options.get("username") or "default"
            return (
                f"does not let this user do what is needed: {text}. Give it the rights of docs/OPERATING.md, "
                f"“A Redis of your own, by TLS”: ACL SETUSER {user} {RIGHTS}"
            )
        case TimeoutError() | exceptions.TimeoutError() if address.is_tls:
            return (
                f"gave no answer by TLS within {within_s:.0f} s. Is it running, does a firewall let through, "
                "and does it speak TLS at this port? Without TLS an address begins with redis, not rediss."
            )
        case TimeoutError() | exceptions.TimeoutError():
            return f"gave no answer within {within_s:.0f} s. Is it running, and does a firewall let through?"
        case exceptions.InvalidResponse():
            return "does not speak Redis's protocol: is the port right?"
        case exceptions.ResponseError() if "'SENTINEL'" in text:
            return (
                f"is no Sentinel: in its address write {one}:// for {one}+sentinel:// if it is one server, "
                f"{one}+cluster:// if it is of a Redis Cluster, and leave out the master's name, /{address.master}."
            )
        case exceptions.ResponseError() if "unknown command 'TIME'" in text:
            # A Sentinel knows few commands, and not this one, which every server is asked first.
            return (
                f"is a Sentinel: in its address write {one}+sentinel:// for {one}://, and its master's name, /mymaster."
            )
        case exceptions.ResponseError() if "DB index" in text:
            db = address.options.get("db")
            return (
                f"has no database {db}, which its address names as /{db} or ?db={db}. There are 16, /0 to /15, unless "
                "`databases` is set to more there: name one of them, or none."
            )
        case exceptions.RedisClusterException() if "not enabled" in text:
            return (
                f"is no Redis Cluster: in its address write {one}:// for {one}+cluster:// if it is one server, "
                f"{one}+sentinel:// and its master's name, /mymaster, if it is a Sentinel."
            )
        case OSError() | exceptions.RedisError() | exceptions.RedisClusterException():
            said = f"cannot be used: {text or type(error).__name__}."
            return said if isinstance(error, exceptions.ResponseError) else f"{said} {_advice(text, address)}"
    return None


def _advice(text: str, address: Address) -> str:
    if re.search("closed by server|reset by peer", text) and not address.is_tls and not address.path:
        return "Does it speak TLS at this port? With TLS an address begins with rediss, not redis."
    return "Is it running, and is the address right?"


def _untrusted(error: ssl.SSLCertVerificationError, address: Address) -> str:
    said = f"shows a certificate that is not trusted here: {error.verify_message.rstrip('.')}."
    if error.verify_code in _OF_ANOTHER_NAME:
        return f"{said} Write a name or number into the address that the certificate has."
    if error.verify_code in _OUT_OF_TIME:
        return f"{said} Renew it, or set this machine's clock right."
    if file := address.options.get("ssl_ca_certs"):
        return f"{said} Is {file} of the authority that has signed it?"
    return f"{said} Name the certificate of the authority that has signed it: ?ssl_ca_certs=FILE behind the address."


def wrong_option(address: Address) -> str:
    """Return what is wrong with the options of an address, in a sentence; "" if nothing is that can be seen."""
    where = f"The address of Redis at {address.shown}"
    known = _names_of(SSLConnection) if address.is_tls else _names_of(Connection)
    for name in sorted(address.options.keys() - known):
        if name in _names_of(SSLConnection):
            return f"{where} has the option {name}, which is for TLS: with that it begins with rediss, not redis."
        # What resembles no option may be a piece of a password that was not escaped.
        if near := difflib.get_close_matches(name, known, n=1):
            return f"{where} has an option that is not known, {name}: is {near[0]} meant?"
        return f"{where} has an option that is not known. Those for TLS are {', '.join(_FILES)}."
    for name in _FILES:
        if path := address.options.get(name):
            try:
                Path(path).read_bytes()
            except (OSError, ValueError) as error:
                said = error.strerror if isinstance(error, OSError) else error
                return f"{where} names {path} as {name}, which cannot be read: {said}."
    return ""


def _names_of(kind: type[Connection]) -> set[str]:
    return {name for each in kind.__mro__[:-1] for name in inspect.signature(each).parameters}
