"""The rules of ports 587 and 465: letters of our own people, after signing in (RFC 6409)."""

from __future__ import annotations

from mailsvc.smtp.mx import MxRules


class SubmissionRules(MxRules):
    """As MX for one who signed in; without signing in, nothing (RFC 6409 §4.3)."""

    requires_auth = True
