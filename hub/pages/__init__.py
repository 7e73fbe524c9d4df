"""The pages that people read: one module a subject, its template of the same name, all in the frame of ``page.py``."""

from litestar import Router
from litestar.exceptions import HTTPException

from hub.pages import attention, checks, devices, errors, forms, help, rooms, targets  # noqa: A004 - the page /help
from hub.pages.errors import show_error

_modules = (targets, devices, rooms, attention, checks, forms, help)

FORM_LIMIT_BYTES = 64 << 10
"""No form of these pages is larger."""

handlers: list[Router] = [
    Router(
        path="/",
        route_handlers=[handler for module in _modules for handler in module.handlers],
        request_max_body_size=FORM_LIMIT_BYTES,
        exception_handlers={HTTPException: errors.page_error},
    )
]
"""Every page, for the application. An address that no route has is the application's: ``show_error`` shows it too."""

__all__ = ["handlers", "show_error"]
