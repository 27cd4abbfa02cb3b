"""The chat tab: ask, watch the answer grow, follow its citations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.conversations import StoredMessage
from pipelines.errors import UsageError
from playground.services import Services
from playground.state import Session, recipe_of
from playground.tabs import evidence
from playground.tabs.shell import Shell, panel, signed, wire
from playground.turn import Turn, stored_turn
from playground.views.answer import exchange
from playground.views.conversations import conversation_menu, welcome
from playground.views.html import join

# handlers: plain data in, plain data out ------------------------------------------------------------


@dataclass(frozen=True)
class Screen:
    """What the tab shows: finished exchanges, the last one, and whether it is being written."""

    earlier: str
    last: str
    running: str = ""


def ask(services: Services, session: Session, question: str) -> Session:
    """Store a question and start its answer; an edited question replaces the old one and what followed."""
    question = question.strip()
    if not question:
        raise UsageError("The question is empty.", "Type one, then press Enter.")
    if services.answers.running(session.conversation):
        raise UsageError("An answer is still being written here.", "Wait for it, or press Stop.")
    known = {c.id for c in services.conversations.all(session.user)}
    conversation = session.conversation
    if conversation not in known:
        conversation = services.conversations.create(owner=session.user or "").id
    if session.editing:
        services.conversations.cut(conversation, session.editing)
    recipe = recipe_of(session)
    names = [d.document for d in services.documents(recipe)]
    chosen = [name for name in names if name not in session.out_of_play]
    if not chosen:
        raise UsageError("No document is in play.", "Tick one in the list of documents, or add one.")
    message = services.ask(conversation, question, recipe, None if len(chosen) == len(names) else chosen)
    return session.to(conversation=conversation, editing="", message=message, passage=0, quote=-1)


def with_style(session: Session, style: str) -> Session:
    """The session answering in a style: the switch counts as it stands, however fast Enter follows it."""
    recipe = recipe_of(session)
    if recipe.choice("answer").name == style:
        return session
    return session.to(recipe=recipe.with_("answer", style).to_json())


def retry(services: Services, session: Session, message: str) -> Session:
    """Ask the question of an answer again."""
    messages = services.conversations.messages(session.conversation)
    asked = _question_before(messages, message)
    return ask(services, session.to(editing=asked.id), asked.text)


def edit(services: Services, session: Session, message: str) -> tuple[Session, str]:
    """Put a question back into the composer; sending it replaces what followed."""
    found = services.conversations.find(message)
    if found is None:
        raise UsageError("That question is not here any more.")
    return session.to(editing=message), found.text


def _question_before(messages: list[StoredMessage], answer: str) -> StoredMessage:
    place = next((i for i, m in enumerate(messages) if m.id == answer), 0)
    if place < 1 or messages[place - 1].role != "user":
        raise UsageError("The question of that answer is not here any more.")
    return messages[place - 1]


def screen(services: Services, session: Session) -> Screen:
    """The conversation as it stands."""
    exchanges = _exchanges(services, session.conversation)
    if not exchanges:
        return Screen("", hello(services, session))
    drawn = [exchange(turn, answer, question) for turn, answer, question in exchanges]
    return Screen(str(join(*drawn[:-1])), str(drawn[-1]), services.answers.running(session.conversation))


def hello(services: Services, session: Session) -> str:
    """What an empty conversation shows: questions to click, or how to begin."""
    return str(welcome(services.first_questions(), len(services.documents(recipe_of(session)))))


def _exchanges(services: Services, conversation: str) -> list[tuple[Turn, str, str]]:
    """(turn, id of the answer, id of the question), in order."""
    found: list[tuple[Turn, str, str]] = []
    question: StoredMessage | None = None
    for message in services.conversations.messages(conversation) if conversation else ():
        if message.role == "user":
            question = message
            continue
        turn = services.answers.peek(message.id) or stored_turn(message)
        if turn is not None:
            found.append((turn, message.id, question.id if question else ""))
    return found


def follow(services: Services, session: Session, message: str) -> Iterator[tuple[Session, str, bool]]:
    """An answer as it is written: (session, its markup, whether the evidence moved), to its end."""
    question = next((q for _, a, q in _exchanges(services, session.conversation) if a == message), "")
    looked = False
    for turn in _growing(services, message):
        moved = bool(turn.hits) and (not looked or bool(turn.citations and turn.state != "running"))
        if moved:
            session, looked = evidence.first_look(services, session, message, turn), True
        yield session, str(exchange(turn, message, question)), moved


def _growing(services: Services, message: str) -> Iterator[Turn]:
    """An answer's states; of one that ended before anybody looked, its end."""
    turn: Turn | None = None
    for turn in services.answers.follow(message):
        yield turn
    if turn is None and (turn := services.turn(message)) is not None:
        yield turn


def menu(services: Services, session: Session) -> str:
    """The list of conversations."""
    return str(conversation_menu(services.conversations.all(session.user), session.conversation))


def manage(services: Services, session: Session, act: str, target: str, value: str = "") -> Session:
    """New, pick, rename or delete a conversation. Raises UsageError: it is gone, or another person's."""
    if act != "new":
        services.conversations.get(target, session.user)
    match act:
        case "pick":
            return session.anew(target)
        case "rename":
            services.conversations.rename(target, value)
        case "delete":
            services.answers.stop(target)
            services.conversations.delete(target)
    if act == "new" or (act == "delete" and target == session.conversation):
        return session.anew()
    return session


# components and wiring --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chat:
    """The tab's components, and the function that draws it afresh."""

    outputs: list[gr.components.Component]
    last: gr.HTML
    draw: Any


def build(services: Services, shell: Shell) -> Chat:
    """Draw the tab and wire it; returns what the app's load event draws into."""
    with gr.Row(elem_id="chat-tab"):
        with gr.Column(elem_id="chat"):
            conversations = panel("conversations")
            with gr.Column(elem_id="thread"):
                earlier, last = panel("earlier"), panel("last")
            with gr.Row(elem_id="composer"):
                question = gr.Textbox(
                    show_label=False, label="Question", placeholder="Ask about your documents", lines=1, max_lines=6,
                    container=False, elem_id="question", autofocus=True,
                )  # fmt: skip
                send = gr.Button("Ask", variant="primary", elem_id="ask", min_width=80, scale=0)
                stop = gr.Button("Stop", elem_id="stop", min_width=80, scale=0)  # chat.css shows one of the two
                shell.style.render()  # type: ignore[no-untyped-call]
        with gr.Column(elem_id="evidence-column"):
            shell.evidence.render()  # type: ignore[no-untyped-call]

    chosen = [shell.kept, shell.seen]
    outputs = [*chosen, conversations, earlier, last, shell.evidence]
    same = gr.skip()

    def draw(session: Session) -> Iterator[list[Any]]:
        """Everything once, then the answer as it grows. Choices are written once, so later ones stay."""
        now = screen(services, session)
        shown = str(evidence.panel(services, session))
        state = [session.keep(), session.look()]
        yield [*state, menu(services, session), now.earlier, now.last, shown]
        if not now.running:
            return
        for moving, markup, moved in follow(services, session, now.running):
            look = [moving.look(), str(evidence.panel(services, moving))] if moved else [same, same]
            yield [same, look[0], same, same, markup, look[1]]

    def on_ask(text: str, kept: Any, seen: Any, style: str, request: gr.Request) -> Iterator[list[Any]]:
        session = signed(services, Session.restore(kept, seen), request)
        session = ask(services, with_style(session, style), text)
        for update in draw(session):
            yield ["", *update]

    def on_thread(kept: Any, seen: Any, style: str, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        session, act, arg = Session.restore(kept, seen), event._data["act"], event._data["arg"]
        session = with_style(signed(services, session, request), style)
        if act == "cite":
            session = evidence.cite(services, session, arg)
            shown = str(evidence.panel(services, session))
            yield [same, same, session.look(), same, same, same, shown]
        elif act == "edit":
            session, text = edit(services, session, arg)
            yield [text, session.keep(), *(same for _ in outputs[1:])]
        elif act in ("retry", "sample"):
            session = retry(services, session, arg) if act == "retry" else ask(services, session, arg)
            for update in draw(session):
                yield ["", *update]

    def on_menu(kept: Any, seen: Any, event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        data, session = event._data, signed(services, Session.restore(kept, seen), request)
        yield from draw(manage(services, session, data["act"], data["arg"], data.get("value", "")))

    def on_stop(kept: Any, request: gr.Request) -> None:
        services.answers.stop(signed(services, Session.restore(kept), request).conversation)

    wire([question.submit, send.click], on_ask, [question, *chosen, shell.style], [question, *outputs])
    for thread in (earlier, last):
        wire([thread.click], on_thread, [*chosen, shell.style], [question, *outputs])
    wire([conversations.click], on_menu, chosen, outputs)
    wire([stop.click], on_stop, [shell.kept], [])
    return Chat(outputs, last, draw)
