"""One script for two servers: each line a command of an ordinary or an odd client."""

MIXED = b"""From: =?utf-8?B?xJDhurduZw==?= <dang@x.vn>
To: An <an@x.vn>, "Binh, V" <binh@x.vn>
Cc: nhom: a@x.vn, b@x.vn;
Subject: =?utf-8?Q?B=C3=A1o_c=C3=A1o?=
Date: Mon, 7 Feb 1994 21:52:25 -0800
Message-ID: <1@x.vn>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

K=C3=ADnh g=E1=BB=ADi
--c
Content-Type: text/html

<p>x</p>
--c--
--b
Content-Type: message/rfc822

Subject: inner
From: b@x.vn
Content-Type: multipart/mixed; boundary=d

--d
Content-Type: text/plain

two
--d--
--b
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename="a.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--b--
""".replace(b"\n", b"\r\n")
PLAIN = b"From: a@x.vn\r\nSubject: plain\r\nX-Long: one\r\n two\r\n\r\nline one\r\nline two\r\n"
BARE = b"no header at all"


def append(content: bytes, mailbox: str = "INBOX", rest: str = "") -> bytes:
    return f"APPEND {mailbox} {rest}".encode() + b"{%d+}\r\n" % len(content) + content


PARTS = ("1", "1.1", "1.2", "2", "2.1", "3", "4", "0", "1.1.1", "2.1.1", "3.1")
SECTIONS = ("", "HEADER", "TEXT", "HEADER.FIELDS (SUBJECT x-long)", "HEADER.FIELDS.NOT (SUBJECT FROM)")

SCRIPT: list[str | bytes] = [
    append(MIXED, rest=r'(\Seen \Flagged Khan) "17-Jul-1996 02:44:25 +0700" '),
    append(PLAIN, rest=r'() " 7-Feb-1994 21:52:25 -0800" '),
    append(BARE, rest='"29-Feb-2024 23:59:59 +0000" '),
    append(PLAIN, "Sent", r"(\Draft) "),
    append(PLAIN, "Nowhere"),
    "SELECT Nowhere",
    "FETCH 1 FLAGS",
    "SELECT INBOX",
    "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
    "FETCH 1:* ALL",
    "FETCH 1:* FULL",
    "FETCH 1:* (BODYSTRUCTURE)",
    *[f"FETCH 1:3 BODY.PEEK[{section}]" for section in SECTIONS],
    *[f"FETCH 1:3 BODY.PEEK[{part}]" for part in PARTS],
    *[f"FETCH 1:3 BODY.PEEK[{part}.MIME]" for part in PARTS],
    *[f"FETCH 1 BODY.PEEK[2.{section}]" for section in SECTIONS[1:]],
    "FETCH 1 BODY.PEEK[1.HEADER]",
    "FETCH 2 BODY.PEEK[]<0.10>",
    "FETCH 2 BODY.PEEK[]<10.5>",
    "FETCH 2 BODY.PEEK[TEXT]<1000.5>",
    "FETCH 2 RFC822.HEADER",
    "FETCH 2 FLAGS",
    "FETCH 2 (RFC822.TEXT)",
    "FETCH 2 FLAGS",
    "FETCH 3 BODY[TEXT]",
    "FETCH 3 FLAGS",
    "FETCH 4 FLAGS",
    "FETCH 0 FLAGS",
    "FETCH 3:1 UID",
    "FETCH *:2 UID",
    "FETCH 2,2,1:2 UID",
    "UID FETCH 99 FLAGS",
    "UID FETCH 99:* FLAGS",
    "UID FETCH 1:* UID",
    "FETCH 1 (FLAGS FLAGS)",
    "FETCH 1 BOGUS",
    "FETCH 1 (FLAGS",
    "FETCH 1  FLAGS",
    "FETCH 1 ()",
    *[
        f"SEARCH {key}"
        for key in (
            "ALL", "SEEN", "UNSEEN", "FLAGGED", "KEYWORD Khan", "UNKEYWORD Khan", "KEYWORD Nope", "DRAFT", "NOT SEEN",
            "OR SEEN SUBJECT plain", "SUBJECT PLAIN", "SUBJECT subject", "FROM from:", "HEADER X-Long x-long", "TEXT subject:", 'SUBJECT ""', "FROM dang@", "TO binh", "CC b@x", "BCC x",
            "HEADER X-LONG two", 'HEADER X-Long ""', "HEADER Nope x", "BODY two", "TEXT inner", "TEXT x-long", "BODY subject",
            "CHARSET UTF-8 SUBJECT {9+}\r\nBáo cáo", "CHARSET UTF-8 BODY {5+}\r\nKính", "CHARSET X-NONE ALL",
            "SINCE 1-Feb-2024", "BEFORE 1-Jan-1996", "SENTON 7-Feb-1994",
            "SENTSINCE 1-Jan-1990", "SENTBEFORE 1-Jan-1990", "LARGER 100", "SMALLER 100", "UID 1:2", "1,3", "2:*", "9",
            "(SEEN FLAGGED) UNDELETED", "BOGUS", "OR SEEN", "SUBJECT", "ON 32-Jan-2020", "1:* UID 99",
        )
    ],
    "UID SEARCH 1:* NOT SEEN",
    *[
        f"SEARCH RETURN ({options}) {keys}"
        for options in ("", "MIN", "MAX", "COUNT", "ALL", "MIN MAX COUNT ALL", "BOGUS")
        for keys in ("ALL", "KEYWORD Nope", "1,3")
    ],
    "UID SEARCH RETURN (MIN COUNT) CHARSET UTF-8 SUBJECT plain",
    *[f"SEARCH RETURN (PARTIAL {page}) ALL" for page in ("1:2", "2:1", "9:12", "0:1", "1", "1:2 PARTIAL 1:2", "1:2 ALL")],
    "UID SEARCH RETURN (PARTIAL 1:2 COUNT) ALL",
    "SEARCH RETURN (CONTEXT COUNT) ALL",
    *[f"FETCH 1:3 BINARY.SIZE[{part}]" for part in ("1", "2")],
    *[f"FETCH 1:3 BINARY.PEEK[{part}]" for part in ("1", "2", "1<1.5>")],
    "FETCH 1 BINARY[HEADER]",
    "FETCH 1 BINARY.SIZE[1]<0.1>",
    "SEARCH FUZZY SUBJECT plain",
    "SEARCH RETURN (SAVE) 1,3",
    "FETCH $ UID",
    "SEARCH $ NOT 1",
    "SEARCH RETURN (SAVE MIN) ALL",
    "UID FETCH $ FLAGS",
    "SEARCH RETURN (SAVE) BOGUS",
    "UID SEARCH UID $",
    "SEARCH YOUNGER 3600",
    "SEARCH OLDER 3600",
    "SEARCH OLDER 0",
    r"STORE 1 +FLAGS (\Answered)",
    r"STORE 1 -FLAGS (\Answered \Flagged)",
    r"STORE 1:2 FLAGS (\Seen NewKey)",
    r"STORE 1 FLAGS.SILENT ()",
    "FETCH 1 FLAGS",
    r"STORE 1 +FLAGS \Seen \Draft",
    r"STORE 9 +FLAGS (\Seen)",
    r"STORE 1 FLAGS (\Recent)",
    r"STORE 1 FLAGS (\Bogus)",
    r"STORE 1 +BOGUS (\Seen)",
    r"UID STORE 2 +FLAGS.SILENT (\Deleted)",
    r"UID STORE 99 +FLAGS (\Deleted)",
    "COPY 1:2 Archive",
    "UID COPY 1 Archive",
    "UID COPY 99 Archive",
    "COPY 1 Nowhere",
    "COPY 9 Archive",
    "STATUS Archive (MESSAGES UIDNEXT UNSEEN)",
    "STATUS Nowhere (MESSAGES)",
    "STATUS Archive ()",
    "STATUS Archive (BOGUS)",
    "MOVE 3 Trash",
    "UID MOVE 99 Trash",
    "EXPUNGE",
    "EXPUNGE",
    "CHECK",
    "SEARCH ALL",
    r"STORE 1 +FLAGS.SILENT (\Deleted)",
    "UID EXPUNGE 99",
    "EXAMINE INBOX",
    r"STORE 1 +FLAGS (\Seen)",
    "CLOSE",
    "FETCH 1 FLAGS",
    "SELECT INBOX",
    "CLOSE",
    "STATUS INBOX (MESSAGES)",
    "CREATE a",
    "CREATE a",
    "CREATE b/c/d",
    "CREATE inbox",
    'CREATE ""',
    'CREATE "x/"',
    'LIST "" *',
    'LIST "" %',
    'LIST "" b/%',
    "LIST b/ %",
    'LIST "" ""',
    'LIST "" "b*d"',
    'LIST "" iNboX',
    'LIST "" nope',
    "SUBSCRIBE b/c/d",
    'LIST (SUBSCRIBED) "" (b% b/*) RETURN (CHILDREN)',
    'LIST (SUBSCRIBED RECURSIVEMATCH) "" b',
    'LIST (RECURSIVEMATCH) "" b',
    'LIST (BOGUS) "" b',
    'LIST "" (Sent Drafts) RETURN (STATUS (MESSAGES UNSEEN))',
    "LSUB b *",
    'LSUB "" b%',
    "UNSUBSCRIBE b/c/d",
    'LSUB "" b*',
    "RENAME b e",
    'LIST "" e*',
    "RENAME nope x",
    "RENAME a e",
    "DELETE e/c/d",
    "DELETE e/c/d",
    "DELETE INBOX",
    "DELETE nope",
    'CREATE "H&HtM- s&AaE-"',
    'LIST "" H*',
    "SELECT &AGE-",
    "NOOP extra",
    "BOGUS",
    "UID BOGUS 1 2",
    "ENABLE CONDSTORE",
    "ENABLE BOGUS",
    "UNSELECT",
    "SELECT Archive",
    "UNSELECT",
    "ID NIL",
    "ID (",
]  # fmt: skip
