"""Starts the release products for the benchmarks that look at them from outside, and keeps what they find."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def call(method, url, body=None, token=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
        return json.load(answer)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, ready, directory, environment=None):
    """A program from its first line that contains `ready`, which is handed over with it, to its end by SIGTERM."""
    process = subprocess.Popen(
        command, cwd=directory, env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        line = next((line for line in process.stdout if ready in line), None)
        if line is None:
            sys.exit(f"{command[0]} did not start")
        # What it writes later must not fill the pipe.
        drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        yield process, line
    finally:
        process.terminate()
        process.wait(60)
        drain.wait(60)


class Served:
    """A simulator whose time stands still at 06:00, and Resync with the development settings before it."""

    def __init__(self, server, port, admin, token):
        self.server = server
        self.port = port
        self.api = f"http://127.0.0.1:{port}/api/v1"
        self.admin = admin
        self.token = token

    def get(self, path):
        return call("GET", f"{self.api}{path}", token=self.token)


@contextlib.contextmanager
def served(products, simulator_options=(), **settings):
    products = os.path.abspath(products)
    with tempfile.TemporaryDirectory() as directory:
        simulator = [
            f"{products}/tws-simulator", "--port", "0", "--backup-port", "0", "--admin-port", "0", "--speed", "0",
            "--start-virtual", "21600", *simulator_options,
        ]
        with running(simulator, "ready", directory) as (_, line):
            url, admin = [
                each.rstrip(",/").replace("localhost", "127.0.0.1") for each in re.findall(r"https?://\S+", line)
            ]
            port = free_port()
            environment = {f"RESYNC_{name}": value for name, value in settings.items()}
            environment |= {"RESYNC_SERVER_PORT": str(port), "RESYNC_TWS_URLS": url}
            command = [f"{products}/resync", "serve", "--settings", f"{ROOT}/settings"]
            with running(command, "serving", directory, environment) as (server, _):
                api = f"http://127.0.0.1:{port}/api/v1"
                text = pathlib.Path(directory, ".resync/development-login").read_text()
                login = dict(line.split(": ") for line in text.splitlines())
                token = call("POST", f"{api}/auth/login", login)["accessToken"]
                yield Served(server, port, admin.removesuffix("/sim/state"), token)


def save(group, rows):
    """Prints the rows and lets them replace those the group has left before."""
    for row in rows:
        print(f"{row['figure']:40} {row['value']:>12} {row['unit']}")
    path = ROOT / ".build/bench/results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else []
    kept = [row for row in known if not row["figure"].startswith(f"{group}.")]
    path.write_text(json.dumps(kept + rows, indent=1) + "\n")
