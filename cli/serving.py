"""What runs until it is ended: the hub, and with ``up`` this machine's agent beside it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cli.session import DONE, Refusal, Session
from cli.settings import agent_settings, hub_settings, plain
from rules.words import sentence

if TYPE_CHECKING:
    from hub.hub import Hub

STOP_SECONDS = 10.0


def run_hub(session: Session, **given: Any) -> int:
    """Serve until somebody ends it."""
    settings = hub_settings(session.environ, **given)
    with _open_hub(session, settings) as hub:
        _serve(session, hub, settings["listen"].value, lambda address: _greet(session, settings, address))
    return DONE


def up(session: Session, **given: Any) -> int:
    """Serve, with this machine's agent beside it."""
    settings = hub_settings(session.environ, **given)
    data = settings["data"]
    of_agent = data.value.parent / "agent" if data.origin == "default" else data.value / "agent"
    with _open_hub(session, settings) as hub, ExitStack() as beside:

        def ready(address: str) -> None:
            _greet(session, settings, address)
            beside.enter_context(_agent(session, address, of_agent))

        _serve(session, hub, settings["listen"].value, ready)
    return DONE


def demo(session: Session, **given: Any) -> int:
    """Serve a made-up school whose PCs go on reporting."""
    from hub.demo import fill, live

    settings = hub_settings(session.environ, **given)
    if settings["data"].origin == "default":
        from cli.settings import own_folder

        settings["data"] = type(settings["data"])(own_folder(session.environ) / "demo", "default")
    with _open_hub(session, settings, made_up=True) as hub, ExitStack() as beside:
        session.note(sentence("The school is made up; nobody in it exists. Its PCs' reports are taken in first."))
        fill(hub, hub.clock())

        def ready(address: str) -> None:
            _greet(session, settings, address)
            stop = threading.Event()
            thread = threading.Thread(target=live, args=(hub, stop), name="made-up PCs")
            thread.start()
            beside.callback(thread.join)
            beside.callback(stop.set)

        _serve(session, hub, settings["listen"].value, ready)
    return DONE


@contextmanager
def _open_hub(session: Session, settings: dict[str, Any], *, made_up: bool = False) -> Iterator["Hub"]:
    """Give an open hub that holds what it should: the profile taken in, real and made-up schools kept apart."""
    from hub.beside import keep_apart
    from hub.hub import open_hub

    profile_folder = settings["school"].value
    profile = None
    if profile_folder is not None and not made_up:
        from hub.school import Known, read_profile
        from rules.load import load

        rulebook = load()
        profile = read_profile(profile_folder, Known(rulebook.plans, rulebook.checks))
    _must_be_free(settings["listen"].value)
    inbox = None if made_up else settings["inbox"].value
    hub = open_hub(settings["data"].value, settings["database"].value, made_up=made_up, inbox=inbox)
    try:
        keep_apart(hub)
        if profile is not None:
            from hub.school import apply

            hub.database.write(lambda connection: apply(connection, profile))
            session.note(
                sentence("{path} is imported into {folder}.", path=profile_folder, folder=settings["data"].value)
            )
        yield hub
    finally:
        hub.close()


def _must_be_free(listen: tuple[str, int]) -> None:
    """Refuse an address that is taken before anything is opened or filled. Raises Refusal."""
    import socket

    host, port = listen
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OSError as error:
        raise Refusal(
            sentence(
                "can't listen on {address}: {why}; end the program that has it, or give another --listen HOST:PORT",
                address=plain(listen), why=error.strerror,
            )
        ) from error  # fmt: skip


def _greet(session: Session, settings: dict[str, Any], address: str) -> None:
    session.result(session.say(sentence("The page: {address}", address=address)))
    session.note(
        sentence(
            "Nobody signs in yet, so it answers on this machine only. The data lie in {folder}. Ctrl-C ends it.",
            folder=plain(settings["database"].value) or settings["data"].value,
        )
    )


def _serve(session: Session, hub: "Hub", listen: tuple[str, int], ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; both end it in order."""
    from hub.app import serve

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        serve(hub, *listen, ready)
    except KeyboardInterrupt:
        session.note(sentence("Ended."))


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def _agent(session: Session, address: str, data: Path) -> Iterator[None]:
    """Run this machine's agent beside the hub; what it logs shows with -v."""
    from agent.process import command

    listen = agent_settings(session.environ)["metrics_listen"]
    arguments = ["run", "--hub", address, "--data", str(data), "--metrics-listen", _free(listen.value)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        _ended_with_us(command("agent.__main__", *arguments)),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    ending = threading.Event()
    reader = threading.Thread(target=_follow, args=(session, process, ending), name="agent's log")
    reader.start()
    try:
        yield
    finally:
        ending.set()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()


def _ended_with_us(command: list[str]) -> list[str]:
    """Return a command of Python that the kernel ends when this process does, even by SIGKILL (prctl(2), on Linux)."""
    if sys.platform != "linux":
        return command
    place = command.index("-c") + 1
    prctl = "import ctypes; ctypes.CDLL(None).prctl(1, 15); "  # PR_SET_PDEATHSIG, SIGTERM
    return [*command[:place], prctl + command[place], *command[place + 1 :]]


def _free(listen: tuple[str, int]) -> str:
    """Return where the agent serves its metrics: where it is set to, or any port when another agent has that."""
    try:
        _must_be_free(listen)
    except Refusal:
        return plain((listen[0], 0))  # type: ignore[no-any-return]
    return plain(listen)  # type: ignore[no-any-return]


def _follow(session: Session, process: "subprocess.Popen[str]", ending: threading.Event) -> None:
    assert process.stderr is not None  # noqa: S101 - a pipe
    last = ""
    for line in process.stderr:
        last = line.strip()
        session.detail(f"agent: {last}")
    if not ending.is_set():
        session.complain(sentence("this machine's agent ended: {why}", why=last))
