"""The words of these pages, explained; and the files that pages are made with."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from hub.pages.page import HEADERS, Answer, Asked, opened, static_files
from rules.words import sentence

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@get("/help", include_in_schema=False, sync_to_thread=True)
def help_page(request: Asked) -> Answer:
    """Show what the words mean."""
    with opened(request) as page:
        return page.show("help.html", page.say("What the words mean"))


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=False)
def static_file(request: Asked, name: FromPath[str]) -> Response[bytes]:
    """Give a file of static/. Its address changes with it, so browsers may keep it for a year."""
    content = static_files().get(name)
    if content is None:
        raise NotFoundException(detail=sentence("There is no such page here."))
    kept = "public, max-age=31536000, immutable" if request.query_params.get("v") else "no-cache"
    kind = f"{_KINDS[name.rsplit('.', 1)[-1]]}; charset=utf-8"
    return Response(content, media_type=kind, headers={**HEADERS, "Cache-Control": kept})


handlers = [help_page, static_file]
