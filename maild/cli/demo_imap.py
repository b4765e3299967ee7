"""A private IMAP server for the demo: Dovecot, where it is installed."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from maild.errors import NotAllowed

USER, PASSWORD = "orders", "demo"
START_SECONDS = 10
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
default_login_user = {login}
default_internal_user = {owner}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class ImapServer:
    """A running Dovecot with one mailbox."""

    def __init__(self, program: str) -> None:
        """Start it in a folder of its own; NotAllowed when it does not come up.

        The folder is not the demo's: as root, Dovecot's users must be able to reach it.
        """
        self.port = free_port()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="maild-demo-imap-"))
        folder.chmod(0o755)
        for name in ("run", "mail"):
            (folder / name).mkdir(mode=0o755)
        config = folder / "dovecot.conf"
        config.write_text(_config(folder, self.port), encoding="utf-8")
        self._process = subprocess.Popen(  # noqa: S603 - a program that we looked for
            [program, "-F", "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait(folder)

    def put(self, mail: bytes) -> None:
        """Lay a mail into the mailbox, as the provider's server would."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=START_SECONDS) as client:
            client.login(USER, PASSWORD)
            answer, words = client.append("INBOX", "", "", mail)
        if answer != "OK":
            raise NotAllowed(f"the IMAP server does not take a mail: {words!r}")

    def stop(self) -> None:
        """End it and its children, and take its folder away."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(START_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self, folder: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                time.sleep(0.05)
        raise NotAllowed(f"Dovecot does not start; see {folder / 'log'}")


def find_dovecot() -> str:
    """Return the path of Dovecot's program, or the empty string."""
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which("dovecot", path=places) or ""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _config(folder: Path, port: int) -> str:
    """Root lends Dovecot its own users; anybody else runs all of it as themselves."""
    owner, login = pwd.getpwuid(os.geteuid()).pw_name, pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(os.getegid()).gr_name
    if os.geteuid() == 0:
        owner, group, login = "dovecot", "dovecot", "dovenull"
        shutil.chown(folder / "mail", owner, group)
    return _CONFIG.format(
        folder=folder, port=port, password=PASSWORD, owner=owner, group=group, login=login
    )
