"""The operator's office: takes a request, asks the other nodes what they know of it, has it done, returns what to tell.

Knows which request is whose business. Never knows how a request came in but for its name (`by`), never shows a token
or an address. What is done here reaches people at other nodes by the store.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from server.node import Node
from server.operate.admin import requests
from server.operate.admin.audit import AuditLog
from server.operate.admin.elsewhere import ALONE, Elsewhere, Others, Question, about
from server.operate.admin.here import Here
from server.operate.admin.moderating import Moderating
from server.operate.admin.personal import Personal
from server.operate.admin.requests import LOCAL_ONLY, AnyRequest, NotDone
from server.operate.admin.reviewing import Reviewing
from server.operate.admin.upkeep import Upkeep
from server.operate.admin.whom import identity_in, network_in, number
from server.operate.filter import FilterKeeper
from server.store.store import StoreError

Json = dict[str, Any]
Act = Callable[[Any, str, Elsewhere], Json]
"""Does what is asked: the request, the way it came, what other nodes know of it."""


class Office:
    """One server's operator.

    Args:
        new_id: gives a short text that nobody guesses.
        others: the other nodes of the server, if it has any.
        filter: the list of words and links, None where there is none.
        trouble: tells what does not work now though the server serves, in words, or "".

    Attributes:
        here: what this node tells the operators of all.
    """

    def __init__(
        self,
        node: Node,
        *,
        new_id: Callable[[], str],
        others: Others | None = None,
        filter: FilterKeeper | None = None,
        trouble: Callable[[], str] = str,
    ) -> None:
        self._node = node
        self._others = others
        self.here = Here(node, others=others, filter=filter)
        log = AuditLog(node)
        self._reviewing = reviewing = Reviewing(node, log)
        moderating = Moderating(node, log, new_id=new_id)
        personal = Personal(node, self.here, log)
        upkeep = Upkeep(node, self.here, log, trouble=trouble)
        self._acts: dict[type[AnyRequest], Act] = {
            requests.Status: upkeep.status,
            requests.Reports: reviewing.reports,
            requests.Show: reviewing.show,
            requests.Close: reviewing.close,
            requests.Warn: moderating.warn,
            requests.BanRequest: moderating.ban,
            requests.Unban: moderating.unban,
            requests.Bans: moderating.bans,
            requests.Audit: upkeep.audit,
            requests.Export: personal.export,
            requests.Erase: personal.erase,
            requests.Switch: upkeep.switch,
            requests.Reload: upkeep.reload,
            requests.Backup: upkeep.backup,
        }

    async def answer(self, request: AnyRequest, *, by: str, is_local: bool) -> Json:
        """Do what is asked of the whole server and return what there is to tell. Raises NotDone.

        Nodes that have not answered in time are named in it as `silent`.
        """
        question = self._question(request) if self._others is not None else None
        if self._others is None or question is None:
            return self.do(request, by=by, is_local=is_local)
        elsewhere = await self._others.ask(question)
        told = self.do(request, by=by, is_local=is_local, elsewhere=elsewhere)
        return {**told, "silent": list(elsewhere.silent)} if elsewhere.silent else told

    def do(self, request: AnyRequest, *, by: str, is_local: bool, elsewhere: Elsewhere = ALONE) -> Json:
        """Do what is asked and return what there is to tell. Raises NotDone.

        Args:
            by: the way the request came, for the audit log.
            elsewhere: what other nodes know of it.
        """
        if isinstance(request, LOCAL_ONLY) and not is_local:
            raise NotDone("This can be asked on the server's own machine only.")
        try:
            return self._acts[type(request)](request, by, elsewhere)
        except StoreError as error:
            raise NotDone(str(error)) from None

    def _question(self, request: AnyRequest) -> Question | None:
        """Return what the others are to be asked for this, if anything. Raises NotDone."""
        house = self._node.house
        question = None
        match request:
            case requests.Status():
                question = Question()
            case requests.Reload():
                question = Question(rereads=True)
            case requests.Reports():
                question = about(report.against for report in house.store.reports())
            case requests.Show():
                question = about([self._reviewing.report(request.ticket).against])
            case requests.BanRequest(network=str(network)):
                question = Question(network=network_in(network))
            case requests.Warn(identity=identity) | requests.BanRequest(identity=str(identity)):
                question = about([number(identity)])
            case requests.Export() | requests.Erase():
                asked = about([identity_in(house, request, now=self._node.clock.now())])
                question = msgspec.structs.replace(asked, tells_all=True)
        return question
