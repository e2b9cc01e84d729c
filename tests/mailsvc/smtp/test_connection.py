"""What our connection takes from aiosmtpd: if a new version asks for more, this fails before a user does."""

import ast
import asyncio
import inspect
import textwrap

from aiosmtpd import smtp

from mailsvc.smtp.session import SmtpSession
from tests.mailsvc.smtp.support import LOOPBACK, OpenRules

USED = [
    "_handle_client",
    "connection_made",
    "connection_lost",
    "_reset_timeout",
    "_cb_client_connected",
    "_set_rset_state",
]


async def test_every_attribute_that_the_base_class_reads_is_there():
    loop = asyncio.get_running_loop()
    session = SmtpSession(
        OpenRules(), connection_id="1", trusted=LOOPBACK, tls=None, loop=loop, sessions=set()
    )
    for name in USED:
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(smtp.SMTP, name))))
        read = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
            and isinstance(node.ctx, ast.Load)
        }
        missing = {one for one in read if not hasattr(session, one)}
        assert missing <= {"_reader", "_writer", "_call_limit_default", "_call_limit_base"}, (name, missing)
        # _reader and _writer are set by _cb_client_connected; the call limits are off.
