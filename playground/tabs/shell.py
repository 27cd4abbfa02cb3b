"""What all tabs share on a page: the session, the evidence panel, and one way to wire a handler."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.errors import PlaygroundError
from playground.services import Services
from playground.state import Session

#: Buttons, forms and drawn shapes inside a panel report as clicks that carry (act, arg, value).
#: A shape may lie under text that can be selected: a click that selects nothing goes through to it.
DELEGATE = """
const tell = (source, value) => trigger('click', {act: source.dataset.act, arg: source.dataset.arg || '', value});
element.addEventListener('click', (event) => {
  let source = event.target.closest('button[data-act]');
  if (!source && !String(getSelection())) {
    source = event.target.closest('[data-act]:not(form)')
      || document.elementsFromPoint(event.clientX, event.clientY).find((under) => under.matches('path[data-act]'));
  }
  if (source && !source.disabled) tell(source, '');
});
element.addEventListener('submit', (event) => {
  const source = event.target.closest('form[data-act]');
  if (!source) return;
  event.preventDefault();
  tell(source, source.elements.value.value);
  source.reset();
});
"""


@dataclass(frozen=True)
class Shell:
    """Components that several tabs read or write."""

    kept: gr.BrowserState  # Session.keep()
    seen: gr.BrowserState  # Session.look()
    words: gr.HTML  # the recipe in a few words
    evidence: gr.HTML
    style: gr.Radio  # the answer style, beside the question


def user_of(services: Services, request: gr.Request) -> str | None:
    """Who is signed in; None: nobody needs to be."""
    return (request.username or "") if services.settings.auth else None


def signed(services: Services, session: Session, request: gr.Request) -> Session:
    """The session as its user's: of another's conversation, which this browser still knows, nothing is left."""
    user = user_of(services, request)
    if user is None:
        return session
    session = session.to(user=user)
    known = {one.id for one in services.conversations.all(session.user)}
    return session if session.conversation in known else session.anew()


def panel(name: str, render: bool = True) -> gr.HTML:
    """A place for a view's markup."""
    return gr.HTML("", elem_id=name, js_on_load=DELEGATE, apply_default_css=False, container=False, render=render)


def browser_state(name: str) -> gr.BrowserState:
    """Plain data that survives a reload and a restart. The key hides nothing: it only has to stay the same."""
    return gr.BrowserState({}, storage_key=f"rag-playground-{name}", secret="kept in this browser")  # noqa: S106


def wire(
    triggers: Sequence[Any],
    handler: Callable[..., Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    *,
    trigger_mode: Any = "once",
    queue: bool = True,
    js: str | None = None,
) -> Any:
    """Wire a handler that no client calls: hidden from the API, never waiting for other sessions.

    Two handlers of one event must not both be "always_last": each would start the other again for ever.
    """
    return gr.on(
        list(triggers),
        _saying_nothing_twice(guarded(handler), len(outputs)),
        list(inputs),
        list(outputs),
        api_visibility="private",
        show_progress="hidden",
        show_progress_on=[],  # a page looks up every component that ever had a status, at each message: none has one
        concurrency_limit=None,
        trigger_mode=trigger_mode,
        queue=queue,
        js=js,
    )


def _saying_nothing_twice(handler: Callable[..., Any], outputs: int) -> Callable[..., Any]:
    """A generator that ends with an update that changes nothing.

    Gradio sends the last update of a generator again when it ends: what another handler drew meanwhile would be undone.
    """
    if not inspect.isgeneratorfunction(handler):
        return handler

    @functools.wraps(handler)
    def stream(*args: Any, **kwargs: Any) -> Any:
        yield from handler(*args, **kwargs)
        yield gr.skip() if outputs == 1 else [gr.skip()] * outputs

    return stream


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler with errors that a person can mend shown as a message; generators stay generators."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def stream(*args: Any, **kwargs: Any) -> Any:
            try:
                yield from handler(*args, **kwargs)
            except PlaygroundError as error:
                raise shown(error) from error

        return stream

    @functools.wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except PlaygroundError as error:
            raise shown(error) from error

    return call


def shown(error: PlaygroundError) -> gr.Error:
    """An error as Gradio shows it; its text is escaped, since it may name a hostile file."""
    from markupsafe import escape

    return gr.Error(str(escape(str(error))), title="That did not work", print_exception=False, duration=12)
