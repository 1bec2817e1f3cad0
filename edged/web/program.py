"""``edged web``: the pages on one address, with the folder and the worker processes that they need.

Config ──► work folder, calls, endpoints ──► application ──► served until a signal; then nothing is left on the disk
"""

from collections.abc import Callable, Container

from edged.config.structs import Config, Web
from edged.host.addresses import addresses, in_url, is_loopback
from edged.host.state_dir import state_folder
from edged.web import assets
from edged.web.application import application
from edged.web.calls.call_queue import Calls
from edged.web.calls.endpoints import CallEndpoints
from edged.web.endpoint import Endpoint, Reply, Request, redirect
from edged.web.guard import LOOPBACK
from edged.web.layout import START
from edged.web.server import Origin, listening, serve
from edged.web.work_folder import WorkFolder

_FOLDER = "web"  # below the state directory


def run(config: Config, ready: Callable[[str], None], origin: Origin) -> None:
    """Serve until a signal; ``ready`` is called with the address of the first page.

    Raises:
        ConfigError, UsageError: by ``origin``: the address is taken or not this machine's, or is open to the network
            and the config does not say so.
        ConfigError: the folder cannot be written.
        AlreadyRunningError: another process serves from the same state directory.
    """
    web = config.web
    check_reach(web, origin)
    with WorkFolder(state_folder(config.state_dir) / _FOLDER) as folder, listening(web.host, web.port, origin) as bound:
        calls = Calls(folder.path, config)
        app = application([*_START, *CallEndpoints(calls, web).all(), *assets.endpoints()], names(web), calls.running)
        port = bound.getsockname()[1]
        serve(app, bound, lambda: ready(f"http://{in_url(web.host)}:{port}{START}"))


def origin_of(given: Container[str]) -> Origin:
    """The origin of host and port, of which the command line has ``given``."""
    return Origin("--host" if "host" in given else "web.host", "--port" if "port" in given else "web.port")


def check_reach(web: Web, origin: Origin) -> None:
    """Raises the host's error if other machines could read every report and nobody has said that they may."""
    if not is_loopback(web.host) and not web.open_to_network:
        raise origin.host_error(
            f"{origin.host} {web.host}: others can reach this address, expected a loopback address such as 127.0.0.1,"
            " or web.open_to_network in the config"
        )


def names(web: Web) -> frozenset[str]:
    """Host names of this program: loopback, its address, all of this machine if it listens on all, and ``web.names``.

    A Host header is compared in lower case and without brackets.
    """
    every = {"0.0.0.0", "::"}  # noqa: S104 -- compared, not listened on
    ours = addresses() if web.host in every else [web.host]
    return LOOPBACK | {name.lower() for name in (*ours, *web.names)}


async def _to_start(_request: Request) -> Reply:
    return redirect(START)


_START = (Endpoint("GET", "/", _to_start),)
