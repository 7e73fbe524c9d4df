"""What a page says at its top after a form was done."""

from rules.words import sentence

DONE = {
    "retired": sentence("The device is retired: it is kept, but no longer judged."),
    "unretired": sentence("The device counts again."),
    "other": sentence("The device is marked as not the school's: it is no longer judged."),
    "school": sentence("The device is marked as the school's."),
    "merged": sentence("The two are one device now."),
    "split": sentence("This machine is a device of its own now; the other one keeps what it had."),
    "room": sentence("The room is written into the device's record."),
    "dismissed": sentence("The contradiction is off the list."),
}
"""By the word that a form's answer puts into the next page's address."""
