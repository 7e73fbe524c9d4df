"""The demonstration: a made-up school whose PCs report as real ones do. Nobody and nothing in it exists."""

from hub.demo.calendar import write_profile
from hub.demo.documents import documents
from hub.demo.replay import fill, live

__all__ = ["documents", "fill", "live", "write_profile"]
