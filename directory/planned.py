"""A plan worked out on a picture is made true: nobody may have changed what it was made from."""

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from directory import audit
from directory.journal import Journal, drift, write
from directory.provision.plan import PlanDriftedError


def write_planned(conn: Connection, journal: Journal, head: int) -> Journal:
    """Write the rows, or nothing; what was written, to be kept for undoing.

    PlanDriftedError when anybody has acted on the directory since the line `head` of the audit log.
    """
    audit.hold(conn)
    if audit.head(conn) != head or drift(conn, journal, undoing=False):
        raise PlanDriftedError("the directory was changed meanwhile")
    try:
        return write(conn, journal)
    except IntegrityError as error:
        raise PlanDriftedError("the directory was changed meanwhile") from error
