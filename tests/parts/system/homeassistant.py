"""A real Home Assistant on a loopback port, with MQTT set up and an API token.

    configuration.yaml, .storage ──► hass ──► mosquitto
                                      └─REST── HomeAssistant.states(), call()

It runs in its own virtual environment, ``.venv-homeassistant``, made by ``make test-homeassistant``, with its own
Python and pinned packages.  It installs missing packages at its first start.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.parts.broker.mosquitto import free_port, wait_until

_REPOSITORY = Path(__file__).parents[3]
_PROGRAMS = _REPOSITORY / ".venv-homeassistant" / "bin"
_PROGRAM = _PROGRAMS / "hass"
LONG_S = 90.0  # deadline for what takes Home Assistant seconds
_OURS = "mqtt|template|automation|blueprint"
_EXPECTED_COMPLAINTS = (
    "Received a conflicting MQTT discovery message|No device components to cleanup",
    "The connection was lost|Failed to connect to MQTT",
)
START_S = 600.0  # the first start installs packages
_STOP_S = 60.0
_ANSWER_S = 30.0
_SINCE = "2025-01-01T00:00:00+00:00"
_USER, _TOKEN, _KEY = "b" * 32, "c" * 32, "e" * 128  # fixed ids and key instead of random ones
_CONFIG = """
homeassistant:
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
automation:
{automations}
"""


# Validates against the schemas for user YAML, which refuse unknown keys; in discovery messages they are ignored.
_STRICT = """
import asyncio, importlib, json, sys
from homeassistant.core import HomeAssistant

async def check():
    home = HomeAssistant(sys.argv[1])
    for config in json.load(sys.stdin):
        platform = importlib.import_module("homeassistant.components.mqtt." + config.pop("platform"))
        platform.PLATFORM_SCHEMA_MODERN(config)
    await home.async_stop(force=True)

asyncio.run(check())
"""


def strictly_checked(entities: list[dict[str, Any]], folder: Path) -> str:
    """Errors of Home Assistant's own schemas for these configs; empty if all are valid."""
    done = subprocess.run(
        [_PROGRAMS / "python", "-c", _STRICT, folder],
        input=json.dumps(entities),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


class HomeAssistant:
    """One installation, started and stopped at will; its config is in ``folder``."""

    def __init__(
        self, folder: Path, broker_port: int, automations: str = "", further: Sequence[dict[str, Any]] = ()
    ) -> None:
        """``automations`` is the list in configuration.yaml, indented by two; ``further`` are more integrations."""
        if not _PROGRAM.exists():
            pytest.fail(f"needs {_PROGRAM}: make test-homeassistant makes it")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._port = free_port()
        self._running: subprocess.Popen[bytes] | None = None
        (folder / "configuration.yaml").write_text(_CONFIG.format(port=self._port, automations=automations))
        mqtt = {
            "domain": "mqtt",
            "title": "mosquitto",
            "version": 1,
            "minor_version": 2,
            "data": {"broker": "127.0.0.1", "port": broker_port, "discovery": True},
        }
        entries = [_config_entry(number, one) for number, one in enumerate((mqtt, *further))]
        self._store("core.config_entries", 5, {"entries": entries})
        user = {"id": _USER, "group_ids": ["system-admin"], "name": "test"}
        token = {"id": _TOKEN, "user_id": _USER, "client_id": None, "client_name": "test", "jwt_key": _KEY}
        self._store(
            "auth",
            1,
            {
                "users": [{**user, "is_owner": True, "is_active": True, "system_generated": False}],
                "groups": [{"id": "system-admin", "name": "Administrators"}],
                "credentials": [],
                "refresh_tokens": [
                    {
                        **token,
                        "token_type": "long_lived_access_token",
                        "created_at": _SINCE,
                        "access_token_expiration": 315360000.0,
                        "token": "d" * 128,
                        "credential_id": None,
                    }
                ],
            },
        )

    def start(self) -> float:
        """Start it; returns the seconds until it has finished starting."""
        began_s = time.monotonic()
        with self.log.open("ab") as log:
            self._running = subprocess.Popen([_PROGRAM, "-c", self.folder], stdout=log, stderr=log)
        wait_until(self._runs, "Home Assistant runs", START_S)
        return time.monotonic() - began_s

    def stop(self) -> None:
        """Stop it with SIGTERM, if it runs."""
        if self._running is not None:
            self._running.send_signal(signal.SIGTERM)
            try:
                self._running.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait(_STOP_S)
            self._running = None

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.folder / "stderr.log"

    def states(self) -> dict[str, dict[str, Any]]:
        """All entities by id: ``state``, ``attributes`` and more."""
        return {state["entity_id"]: state for state in self._request("states")}

    def state(self, entity_id: str) -> str:
        """State of one entity; empty if it does not exist."""
        return str(self.states().get(entity_id, {}).get("state", ""))

    def wait_for(self, entity_id: str, *states: str) -> None:
        """Wait until the entity has one of these states."""
        wait_until(lambda: self.state(entity_id) in states, f"{entity_id} is {' or '.join(states)}", LONG_S)

    def complaints(self) -> str:
        """Warnings and errors from MQTT, templates and automations, except those that the tests cause on purpose."""
        lines = self.log.read_text().splitlines()
        ours = [line for line in lines if re.search("WARNING|ERROR", line) and re.search(_OURS, line)]
        return "\n".join(line for line in ours if not re.search("|".join(_EXPECTED_COMPLAINTS), line))

    def call(self, action: str, entity_id: str, **data: object) -> None:
        """Call an action, such as ``switch.turn_off``, like a button in the frontend."""
        self._request(f"services/{action.replace('.', '/')}", {"entity_id": entity_id, **data})

    def rendered(self, template: str) -> str:
        """Render a template, like the developer tools."""
        return self._answer("template", {"template": template})

    def rename(self, entity_id: str, name: str) -> None:
        """Rename an entity as a user might; only while Home Assistant is stopped."""
        file = self.folder / ".storage" / "core.entity_registry"
        whole = json.loads(file.read_text())
        (entry,) = [entry for entry in whole["data"]["entities"] if entry["entity_id"] == entity_id]
        entry["name"] = name
        file.write_text(json.dumps(whole))

    def registered(self) -> list[dict[str, Any]]:
        """MQTT entities in the registry on disk, which lags by seconds."""
        file = self.folder / ".storage" / "core.entity_registry"
        if not file.exists():
            return []
        entries: list[dict[str, Any]] = json.loads(file.read_text())["data"]["entities"]
        return [entry for entry in entries if entry["platform"] == "mqtt"]

    def _runs(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, self.log.read_text()[-4000:]
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(self._request("config")["state"] == "RUNNING")
        return False

    def _request(self, path: str, data: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 -- whatever JSON
        return json.loads(self._answer(path, data))

    def _answer(self, path: str, data: dict[str, Any] | None) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/{path}",
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"Bearer {_access_token()}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text

    def _store(self, key: str, minor_version: int, data: dict[str, Any]) -> None:
        storage = self.folder / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        whole = {"version": 1, "minor_version": minor_version, "key": key, "data": data}
        (storage / key).write_text(json.dumps(whole))


def _config_entry(number: int, given: dict[str, Any]) -> dict[str, Any]:
    """An integration as Home Assistant stores it."""
    usual: dict[str, Any] = {
        "created_at": _SINCE,
        "modified_at": _SINCE,
        "disabled_by": None,
        "discovery_keys": {},
        "entry_id": f"{number:032x}",
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "unique_id": None,
    }
    return usual | given


def _access_token() -> str:
    """JSON Web Token (RFC 7519) of the user that the storage files define."""
    now_s = int(time.time())
    parts = [{"alg": "HS256", "typ": "JWT"}, {"iss": _TOKEN, "iat": now_s - 60, "exp": now_s + 3600}]
    signed = b".".join(_base64(json.dumps(part).encode()) for part in parts)
    return (signed + b"." + _base64(hmac.new(_KEY.encode(), signed, hashlib.sha256).digest())).decode()


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
