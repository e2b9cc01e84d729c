"""Nothing is advertised that no transcript shows and no client of others has used."""

import re
from pathlib import Path

import pytest

from tests.mailsvc.imap.player import ImapHouse

HANDLERS = Path(__file__).parents[2] / "mailsvc" / "imap"
HERE = Path(__file__).parent

EXTENSIONS, CLIENTS, PEER = "test_extensions.py", "test_clients.py", "script.py"
SHOWN: dict[str, tuple[str, str, str, str]] = {
    # capability: (transcript, words in it, client's file, words in it)
    "IMAP4rev1": ("test_connection.py", "LOGIN", CLIENTS, "imaplib.IMAP4"),
    "IMAP4rev2": ("handlers/test_rev2.py", "ENABLE IMAP4rev2", EXTENSIONS, "ENABLE"),
    "UTF8=ACCEPT": ("handlers/test_rev2.py", "ENABLE UTF8=ACCEPT", EXTENSIONS, "UTF8=ACCEPT"),
    "CREATE-SPECIAL-USE": ("handlers/test_rev2.py", "(USE (", EXTENSIONS, "(USE ("),
    "UNAUTHENTICATE": ("handlers/test_rev2.py", "UNAUTHENTICATE", EXTENSIONS, "UNAUTHENTICATE"),
    "ACL": ("handlers/test_rights.py", "GETACL", CLIENTS, "client.getacl"),
    "RIGHTS=kxte": ("handlers/test_rights.py", "MYRIGHTS", EXTENSIONS, "client.myrights"),
    "LIST-MYRIGHTS": ("handlers/test_rights.py", "RETURN (MYRIGHTS)", EXTENSIONS, "RETURN (MYRIGHTS)"),
    "METADATA": ("handlers/test_metadata.py", "SETMETADATA", EXTENSIONS, "SETMETADATA"),
    "COMPRESS=DEFLATE": ("handlers/test_compress.py", "COMPRESS DEFLATE", CLIENTS, "imap_deflate=yes"),
    "BINARY": ("handlers/test_composing.py", "BINARY[", EXTENSIONS, "BINARY.SIZE"),
    "CATENATE": ("handlers/test_composing.py", "CATENATE (", EXTENSIONS, "CATENATE ("),
    "REPLACE": ("handlers/test_composing.py", "REPLACE", EXTENSIONS, "UID REPLACE"),
    "PARTIAL": ("handlers/test_composing.py", "PARTIAL", EXTENSIONS, "PARTIAL -1:-2"),
    "CONTEXT=SEARCH": ("handlers/test_searching_more.py", "RETURN (UPDATE", EXTENSIONS, "RETURN (UPDATE"),
    "CONTEXT=SORT": (
        "handlers/test_searching_more.py",
        "SORT RETURN (CONTEXT",
        EXTENSIONS,
        "RETURN (CONTEXT",
    ),
    "MULTISEARCH": ("handlers/test_searching_more.py", "ESEARCH IN (", EXTENSIONS, "IN (personal)"),
    "FILTERS": ("handlers/test_searching_more.py", "FILTER nho", EXTENSIONS, "FILTER hai"),
    "SEARCH=FUZZY": ("handlers/test_searching_more.py", "FUZZY", EXTENSIONS, "FUZZY"),
    "NOTIFY": ("handlers/test_notify.py", "NOTIFY SET", EXTENSIONS, "MessageNew"),
    "LITERAL+": ("wire/test_session.py", "+}", PEER, "+}"),
    "SASL-IR": ("handlers/test_login.py", "AUTHENTICATE PLAIN ", CLIENTS, "curl"),
    "ID": ("handlers/test_mailboxes.py", "ID ", PEER, "ID NIL"),
    "ENABLE": ("handlers/test_qresync.py", "ENABLE", CLIENTS, "client.enable"),
    "IDLE": ("handlers/test_select.py", "IDLE", CLIENTS, "idle_start"),
    "STARTTLS": ("handlers/test_login.py", "STARTTLS", CLIENTS, "SSLType STARTTLS"),
    "AUTH=PLAIN": ("handlers/test_login.py", "AUTHENTICATE PLAIN", CLIENTS, "curl"),
    "AUTH=OAUTHBEARER": (
        "handlers/test_sasl.py",
        "AUTHENTICATE OAUTHBEARER",
        "test_sasl.py",
        "--oauth2-bearer",
    ),
    "NAMESPACE": ("handlers/test_mailboxes.py", "NAMESPACE", CLIENTS, "client.namespace"),
    "UIDPLUS": ("handlers/test_letters.py", "UID EXPUNGE", PEER, "UID EXPUNGE"),
    "MOVE": ("handlers/test_letters.py", "MOVE", CLIENTS, '"MOVE"'),
    "UNSELECT": ("handlers/test_select.py", "UNSELECT", PEER, "UNSELECT"),
    "CHILDREN": ("handlers/test_mailboxes.py", "HasChildren", CLIENTS, "client.list()"),
    "SPECIAL-USE": ("handlers/test_mailboxes.py", "SPECIAL-USE", CLIENTS, "client.list()"),
    "LIST-EXTENDED": ("handlers/test_list_extended.py", "RECURSIVEMATCH", EXTENSIONS, "(SUBSCRIBED)"),
    "LIST-STATUS": ("handlers/test_list_extended.py", "RETURN (STATUS", EXTENSIONS, "RETURN (STATUS"),
    "ESEARCH": ("handlers/test_esearch.py", "RETURN (", EXTENSIONS, "RETURN (MIN"),
    "SEARCHRES": ("handlers/test_esearch.py", "SEARCH $", EXTENSIONS, "$ NOT 2"),
    "WITHIN": ("handlers/test_esearch.py", "YOUNGER", EXTENSIONS, "YOUNGER"),
    "OBJECTID": ("handlers/test_object_ids.py", "EMAILID", EXTENSIONS, "EMAILID"),
    "SAVEDATE": ("handlers/test_object_ids.py", "SAVEDATE", EXTENSIONS, "SAVEDATE"),
    "PREVIEW": ("handlers/test_object_ids.py", "PREVIEW", EXTENSIONS, "PREVIEW"),
    "APPENDLIMIT": ("handlers/test_object_ids.py", "APPENDLIMIT", EXTENSIONS, "APPENDLIMIT"),
    "MULTIAPPEND": ("handlers/test_multiappend.py", "APPEND Sent", EXTENSIONS, '"APPEND"'),
    "SORT": ("handlers/test_sort.py", "SORT (", EXTENSIONS, '"SORT"'),
    "SORT=DISPLAY": ("handlers/test_sort.py", "DISPLAYFROM", EXTENSIONS, "DISPLAYTO"),
    "ESORT": ("handlers/test_sort.py", "SORT RETURN (", EXTENSIONS, "RETURN (COUNT) (SUBJECT)"),
    "THREAD=ORDEREDSUBJECT": (
        "handlers/test_thread.py",
        "THREAD ORDEREDSUBJECT",
        EXTENSIONS,
        "ORDEREDSUBJECT",
    ),
    "THREAD=REFERENCES": ("handlers/test_thread.py", "THREAD REFERENCES", EXTENSIONS, "REFERENCES"),
    "CONDSTORE": ("handlers/test_store.py", "UNCHANGEDSINCE", CLIENTS, 'enable("CONDSTORE")'),
    "QRESYNC": ("handlers/test_qresync.py", "QRESYNC (", "test_qresync.py", "QRESYNC ("),
    "STATUS=SIZE": ("handlers/test_mailboxes.py", "SIZE", PEER, "STATUS"),
    "QUOTA": ("handlers/test_letters.py", "GETQUOTA", CLIENTS, "getquotaroot"),
    "QUOTA=RES-STORAGE": ("handlers/test_letters.py", "STORAGE", CLIENTS, "getquotaroot"),
}


@pytest.mark.parametrize("login", ["", "alice"])
def test_every_capability_has_a_transcript_and_a_client(house: ImapHouse, login: str) -> None:
    client = house.client(login)
    told = client.does("CAPABILITY")[0].decode().split()[2:]
    client.close()
    unshown = []
    for capability in told:
        name = re.sub(r"(APPENDLIMIT)=\d+", r"\1", capability)
        shown = SHOWN.get(name)
        if shown is None:
            unshown.append(capability)
            continue
        transcript, words, client_file, client_words = shown
        if (
            words not in (HANDLERS / transcript).read_text()
            or client_words not in (HERE / client_file).read_text()
        ):
            unshown.append(capability)
    assert unshown == []
