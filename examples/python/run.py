#!/usr/bin/env python3
"""Runs a script in a fresh macOS VM, shows what happens, and exits as the script did. Standard library only.

TARTFLEET_URL=https://fleet.example.com:7337 TARTFLEET_TOKEN=tartfleet_… run.py IMAGE < build.sh
A certificate that Python does not know goes into SSL_CERT_FILE.
"""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ["TARTFLEET_URL"].rstrip("/")
TOKEN = os.environ["TARTFLEET_TOKEN"]
PATIENCE_SECONDS = 60
OVER = ("deleted", "failed")


def call(method, path, body=None, headers=None, timeout=90):
    """One call; sent again while the control plane is away, restarts or has too much to do."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    delay = 0.5
    while True:
        request = urllib.request.Request(URL + path, method=method, headers={"Authorization": f"Bearer {TOKEN}"})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            return urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            if error.code != 429 and error.code < 502:
                sys.exit(f"{method} {path}: {error.read().decode()}")
            delay = max(delay, float(error.headers.get("Retry-After") or 0))
            failure = error
        except (urllib.error.URLError, OSError) as error:
            failure = error
        if time.monotonic() + delay > give_up:
            sys.exit(f"{method} {path}: {failure}")
        time.sleep(delay)
        delay = min(delay * 2, 10)


def follow(vm):
    """The VM's events, each once, over as many connections as it takes; until it has ended."""
    last, state = 0, ""
    while state not in OVER:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
        try:
            with call("GET", f"/v1/vms/{vm}/events", headers=headers) as stream:
                if stream.status == 204:
                    return
                for line in stream:
                    if not line.startswith(b"data: "):
                        continue
                    event = json.loads(line[len(b"data: "):])
                    if event["id"] > last:
                        last, state = event["id"], event["state"]
                        yield event
        except OSError:
            time.sleep(1)


def main(image):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    body = {"image": image, "runner": {"kind": "script", "script": sys.stdin.read()}}
    # The same key and body give the same VM: a retry makes no second one.
    with call("POST", "/v1/vms", body, {"Idempotency-Key": str(uuid.uuid4())}) as answer:
        vm = json.load(answer)["id"]
    try:
        for event in follow(vm):
            print(event["state"].ljust(12), event["message"], file=sys.stderr)
    finally:
        # However this ends, the VM does not stay.
        call("DELETE", f"/v1/vms/{vm}").close()
    with call("GET", f"/v1/vms/{vm}") as answer:
        record = json.load(answer)
    result = record["scriptResult"]
    if result is None:
        sys.exit(json.dumps(record["end"]))
    sys.stdout.write(result["output"])
    return 1 if result["exitCode"] is None else result["exitCode"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
