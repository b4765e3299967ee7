"""What a `config.toml` needs at least: for daemons that tests start in their own process."""

from __future__ import annotations

QUIET = """
[maild]
name = "Acme"
domain = "acme.example"
rules_dir = "none"
[smtp]
listen = []
"""
"""Listens nowhere; the folder `none` has to be there."""
SENDING = """
[maild]
name = "Acme Support"
domain = "acme.example"
[web]
admin_listen = ""
[relay]
url = "maildir:sent"
[[mailbox]]
name = "Support"
address = "support@acme.example"
"""
"""Has a mailbox, and sends into a Maildir."""
