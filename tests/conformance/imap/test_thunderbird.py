"""Thunderbird, set up from an address alone: it reads, sends, moves and searches against the real service."""

import base64
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from tests.mailsvc.imap.player import Client
from tests.support.mail import letter
from tests.support.service import Service
from tests.support.system import need
from tests.support.thunderbird import Thunderbird

PASSWORD = "Mat-khau-1"
ADDRESS = "an@lamdong.example"

SET_UP = """
const [domain, address, name, password, certificate] = args;
const { FetchConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/FetchConfig.sys.mjs");
const { AccountConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/AccountConfig.sys.mjs");
const { CreateInBackend } = ChromeUtils.importESModule("resource:///modules/accountcreation/CreateInBackend.sys.mjs");
const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
const config = await FetchConfig.fromDB(domain, new AbortController().signal);
const trusted = certificates.constructX509FromBase64(certificate);
const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
for (const server of [config.incoming, config.outgoing]) {
  overrides.rememberValidityOverride(server.hostname, server.port, {}, trusted, false);
}
AccountConfig.replaceVariables(config, name, address, password);
config.incoming.password = config.outgoing.password = password;
config.rememberPassword = true;
const account = await CreateInBackend.createAccountInBackend(config);
return [account.incomingServer.type, account.incomingServer.hostName, account.incomingServer.port];
"""

TOOLS = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const server = MailServices.accounts.accounts.find(one => one.incomingServer.type == "imap").incomingServer;
const until = async (what, look) => {
  for (let tries = 0; tries < 300; tries++) {
    const seen = look();
    if (seen) return seen;
    await pause(100);
  }
  throw new Error("never: " + what);
};
const folder = async (...names) =>
  until(names[0], () => server.rootFolder.descendants.find(one => names.includes(one.name)));
const pause = milliseconds => new Promise(go => setTimeout(go, milliseconds));
// Thunderbird drops the call back where it was looking at the folder already; then it is enough to wait for it.
const update = box => Promise.race([pause(3000), new Promise((done, failed) =>
  box.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, {
    OnStartRunningUrl() {},
    OnStopRunningUrl(_url, status) { Components.isSuccessCode(status) ? done() : failed(new Error("status " + status)); },
  }))]);
const letters = box => [...box.messages];
"""

READ = (
    TOOLS
    + """
server.performExpand(null);
const inbox = await folder("Inbox", "INBOX");
await update(inbox);
await until("letters", () => letters(inbox).length == args[0]);
return letters(inbox).map(one => one.mime2DecodedSubject).sort();
"""
)

MOVE = (
    TOOLS
    + """
const inbox = await folder("Inbox", "INBOX");
const archive = await folder("Archive");
const moved = letters(inbox).filter(one => one.mime2DecodedSubject == args[0]);
MailServices.copy.copyMessages(inbox, moved, archive, true, null, null, false);
await until("the letter to go", () => letters(inbox).length == args[1]);
await update(archive);
await until("the letter", () => letters(archive).length == 1);
return letters(archive).map(one => one.mime2DecodedSubject);
"""
)

SEND = (
    TOOLS
    + """
const account = MailServices.accounts.accounts.find(one => one.incomingServer.type == "imap");
const identity = account.defaultIdentity;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
[fields.from, fields.to, fields.subject, fields.body] = [identity.email, args[0], args[1], args[2]];
const parameters = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
parameters.composeFields = fields;
parameters.format = Ci.nsIMsgCompFormat.PlainText;
const compose = MailServices.compose.initCompose(parameters);
const progress = Cc["@mozilla.org/messenger/progress;1"].createInstance(Ci.nsIMsgProgress);
await compose.sendMsg(Ci.nsIMsgSend.nsMsgDeliverNow, identity, account.key, null, progress);
const sent = await folder("Sent");
await update(sent);
await until("the copy", () => letters(sent).length == 1);
return letters(sent).map(one => one.mime2DecodedSubject);
"""
)

SEARCH = (
    TOOLS
    + """
const inbox = await folder("Inbox", "INBOX");
const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, inbox);
const term = session.createTerm();
const value = term.value;
value.attrib = term.attrib = Ci.nsMsgSearchAttrib.Subject;
value.str = args[0];
term.value = value;
term.op = Ci.nsMsgSearchOp.Contains;
session.appendTerm(term);
const hits = [];
await new Promise((done, failed) => {
  session.registerListener({
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
    onNewSearch() {},
    onSearchHit(one) { hits.push(one.mime2DecodedSubject); },
    onSearchDone(status) { Components.isSuccessCode(status) ? done() : failed(new Error("status " + status)); },
  });
  session.search(null);
});
return hits;
"""
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    need("thunderbird", package="thunderbird")
    service = Service(tmp_path_factory.mktemp("province") / "data")
    service.environ |= {
        "CONGVU_CLIENTS__HOST": "localhost",
        "CONGVU_CLIENTS__IMAP_PORT": str(service.ports["imap_tls"]),
        "CONGVU_CLIENTS__SUBMISSION_PORT": str(service.ports["submission_tls"]),
    }
    service.init().add_people(["an", "binh"], PASSWORD)
    with service.start():
        yield service


@pytest.fixture(scope="module")
def thunderbird(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thunderbird]:
    asks = f"http://127.0.0.1:{service.ports['web']}/mail/config-v1.1.xml?domain="
    program = Thunderbird(tmp_path_factory.mktemp("user") / "home", **{"mailnews.auto_config_url": asks})
    yield program
    program.close()


def counted(service: Service, name: str, mailbox: str) -> bytes:
    client = Client(service.ports["imap"])
    client.does(f"LOGIN {name}@{service.domain} {PASSWORD}")
    told = client.does(f"STATUS {mailbox} (MESSAGES)")[0]
    client.close()
    return told


@pytest.mark.peer
def test_thunderbird_does_what_people_do(service: Service, thunderbird: Thunderbird) -> None:
    with smtplib.LMTP("127.0.0.1", service.ports["lmtp"]) as lmtp:
        for number in (1, 2, 3):
            lmtp.sendmail("x@ngoai.example", [ADDRESS], letter(number))
    certificate = ssl.PEM_cert_to_DER_cert((service.data / "tls" / "cert.pem").read_text())
    found = thunderbird.run(
        SET_UP, service.domain, ADDRESS, "An", PASSWORD, base64.b64encode(certificate).decode()
    )
    assert found[0] == "imap"
    assert found[2] == service.ports["imap_tls"]
    assert thunderbird.run(READ, 3) == ["Cong van so 1", "Cong van so 2", "Cong van so 3"]
    assert thunderbird.run(MOVE, "Cong van so 2", 2) == ["Cong van so 2"]
    assert counted(service, "an", "INBOX") == b'* STATUS "INBOX" (MESSAGES 2)'
    assert counted(service, "an", "Archive") == b'* STATUS "Archive" (MESSAGES 1)'
    assert thunderbird.run(SEARCH, "so 3") == ["Cong van so 3"]
    assert thunderbird.run(SEND, "binh@lamdong.example", "Báo cáo quý", "Kính gửi") == ["Báo cáo quý"]
    assert counted(service, "an", "Sent") == b'* STATUS "Sent" (MESSAGES 1)'
    assert counted(service, "binh", "INBOX") == b'* STATUS "INBOX" (MESSAGES 1)'
