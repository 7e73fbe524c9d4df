"""The school's profile: read from a folder or a workbook, taken into the hub whole or not at all, and written back."""

from hub.school.read import Known, Profile, read_profile
from hub.school.store import apply, stored_profile
from hub.school.write import write_profile

__all__ = ["Known", "Profile", "apply", "read_profile", "stored_profile", "write_profile"]
