"""Headless Chromium, driven over its own protocol: waits for what a page shows, however long it takes."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time

import aiohttp


def find():
    """Where Chromium is; None if there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page of a browser of its own."""

    def __init__(self, folder, *, size=(1600, 1100), timeout=60.0):
        self.timeout, self._loop, self._id = timeout, asyncio.new_event_loop(), 0
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        flags += [
            f"--window-size={size[0]},{size[1]}",
            f"--user-data-dir={folder}",
            "--remote-debugging-port=0",
        ]
        self._process = subprocess.Popen(
            [find(), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        told = folder / "DevToolsActivePort"
        self._until(lambda: told.exists() and "\n" in told.read_text())
        self._loop.run_until_complete(self._connect(told.read_text().split()[0]))

    async def _connect(self, port):
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = await answer.json()
        page = next(page for page in pages if page["type"] == "page")
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)

    def _send(self, method, **parameters):
        return self._loop.run_until_complete(self._answer(method, parameters))

    async def _answer(self, method, parameters):
        self._id += 1
        await self._socket.send_json({"id": self._id, "method": method, "params": parameters})
        while True:
            message = json.loads(await self._socket.receive_str(timeout=self.timeout))
            if message.get("id") == self._id:
                assert "error" not in message, message
                return message["result"]

    def _until(self, holds):
        end = time.monotonic() + self.timeout
        while not holds():
            assert time.monotonic() < end, "the page never came to show it"
            time.sleep(0.1)

    def value(self, script):
        """What a script gives."""
        done = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def open(self, address, *texts):
        """Go to an address and wait until all texts are shown."""
        self._send("Page.navigate", url="about:blank")
        self._send("Page.navigate", url=address)
        self.wait(*texts)

    def wait(self, *texts):
        """Wait until all texts are shown."""
        self.until(f"{json.dumps(texts)}.every(text => document.body.innerText.includes(text))")

    def until(self, script):
        """Wait until a condition of the page holds."""
        self._until(lambda: self.value(f"Boolean(document.body && ({script}))"))

    @property
    def text(self):
        """All text that the page shows."""
        return self.value("document.body.innerText")

    def save(self, path):
        """Keep a picture of the page."""
        path.write_bytes(base64.b64decode(self._send("Page.captureScreenshot")["data"]))

    def close(self):
        """End the browser."""
        self._loop.run_until_complete(self._session.close())
        self._process.terminate()
        self._process.wait(timeout=20)
        self._loop.close()
