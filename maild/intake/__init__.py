"""Mail in: every way ends in the journal; nothing is decided here."""
