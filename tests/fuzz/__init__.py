"""Broken mails by the thousand, and the laws that the reader keeps over all of them."""
