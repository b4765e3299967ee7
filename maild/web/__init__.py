"""The web: pages for customers, and health and metrics for whoever watches over the daemon."""
