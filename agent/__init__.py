"""What runs on a school PC: it collects, keeps, shows and reports facts. Pure Python; takes no orders."""

VERSION = "0.1.0"
"""The agent's version. On a PC there is no package metadata to ask, so it stands here; a test holds it."""
