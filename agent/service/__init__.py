"""The agent among the services of a system: systemd's on Linux, the service control manager's on Windows.

This file imports nothing: on Windows the service's own process passes through here before it may say that it runs.
"""

NAME = "baove-agent"
"""The service's name on either system."""

DISPLAYED = "baove agent"
ABOUT = "Tells the school's hub how this PC fares: inventory, updates, antivirus. It takes no orders."
