"""TCP server that is no MQTT broker: it sends each client one fixed answer, or nothing at all.

client ──its first bytes──► impostor(answer) ──answer──► closes, or stays connected in silence
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

from edged.config.structs import Mqtt


@contextlib.contextmanager
def impostor(answer: bytes | None) -> Iterator[tuple[Mqtt, list[socket.socket]]]:
    """Config that points to the server, and its accepted sockets; without ``answer`` connections stay open."""
    accepted: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            accepted.append(client)
            if answer is not None:
                with contextlib.suppress(OSError), client:
                    client.recv(4096)
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), name="edged-test-impostor")
        thread.start()
        try:
            yield Mqtt(host="127.0.0.1", port=listener.getsockname()[1]), accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # makes accept() return
            thread.join()
            for client in accepted:
                client.close()
