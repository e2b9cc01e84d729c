"""A server that says what a script tells it to, right or wrong."""

import asyncio
import contextlib

import pytest


@pytest.fixture
async def stub():
    """Starts servers that say what a script maps each verb to; gives the port, and what the server was told."""
    async with contextlib.AsyncExitStack() as open_servers:

        async def start(script):
            heard = []
            server = await asyncio.start_server(
                lambda *ends: serve_script(script, heard, *ends), "127.0.0.1", 0
            )
            await open_servers.enter_async_context(server)
            return server.sockets[0].getsockname()[1], heard

        yield start


async def serve_script(script, heard, reader, writer):
    with contextlib.suppress(ConnectionError):
        writer.write(script.get("", b"220 stub\r\n"))
        while line := await reader.readline():
            heard.append(line)
            verb = line.split()[0].upper().decode("latin-1")
            if verb == "DATA" and script.get("DATA", b"354").startswith(b"354"):
                writer.write(b"354 go\r\n")
                while (line := await reader.readline()) not in {b".\r\n", b""}:
                    heard.append(line)
                verb = "."
            answer = script.get(verb, b"250 ok\r\n")
            if answer is None:
                break
            writer.write(answer)
            if verb == "QUIT":
                break
    writer.close()
