"""The door between granian and Flask: what a request becomes, and what is refused before it costs anything."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from webmail.asgi import STRANGERS_BODY, WebApp, environ_of
from webmail.live import Live


def scope_of(path="/", method="GET", headers=(), **more):
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("192.0.2.7", 5),
        "server": ("127.0.0.1", 8080),
        **more,
    }


async def ask(app, world_services, scope, body=b""):
    sent = []
    with ThreadPoolExecutor(1) as executor:
        web = WebApp(app, Live(world_services, executor), executor, 1 << 20)

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event):
            sent.append(event)

        await web(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[-1].get("body", b"")


async def test_a_page_comes_through_whole(app, world):
    status, headers, body = await ask(app, world.services(), scope_of(headers=[("host", "x.example")]))
    assert status == 200
    assert headers[b"Content-Type"].startswith(b"text/html")
    assert b"</html>" in body


@pytest.mark.parametrize(("size", "status"), [(STRANGERS_BODY + 1, 413), (100, 403)])
async def test_strangers_post_nothing_large(app, world, size, status):
    headers = [("host", "x.example"), ("content-type", "application/x-www-form-urlencoded")]
    asked = scope_of("/sign-in", "POST", headers)
    assert (await ask(app, world.services(), asked, b"a=" + b"x" * (size - 2)))[0] == status


def test_header_names_with_underscores_cannot_pose_as_others():
    headers = [
        ("x_forwarded_for", "1.2.3.4"),
        ("x-a", "1"),
        ("x-a", "2"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("content-length", "9"),
    ]
    environ = environ_of(scope_of(headers=headers), io.BytesIO(), 3)
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_A"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"


def test_paths_are_handed_on_as_octets():
    environ = environ_of(scope_of("/a é", raw_path=b"/a%20%C3%A9"), io.BytesIO(), 0)
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/a é"
