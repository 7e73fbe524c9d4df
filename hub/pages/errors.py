"""What went wrong, in the design of every other page and in one sentence."""

from litestar.exceptions import HTTPException

from hub.pages.page import Answer, Asked, bare
from rules.words import Sentence, sentence, translator

SENTENCES = {
    400: sentence("This can't be done as it was asked."),
    403: sentence("This request did not come from a page of this hub."),
    404: sentence("There is no such page here."),
    405: sentence("There is no such page here."),
    413: sentence("What was sent is too large."),
    500: sentence("Something in the hub went wrong. It is written in the hub's log; please try again."),
}
"""What is said of a status for which nothing better is known."""


def page_error(request: Asked, error: HTTPException) -> Answer:
    """Return the page of an error that a page raised."""
    return show_error(request, error.status_code, error.detail)


def show_error(request: Asked, status: int, detail: str) -> Answer:
    """Return the page that tells of an error. Only sentences written for readers are shown, never an error's own."""
    page = bare(request)
    text = detail if isinstance(detail, Sentence) else SENTENCES.get(status) or SENTENCES[status // 100 * 100]
    return page.show("error.html", page.say("Not done"), status, text=translator(page.language)(text))
