"""The step in hand of a batch: one instruction, one box that a scanner types into, expected and seen side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from onelot.app import near_misses
from onelot.app.api.doors import status_of
from onelot.app.authority import roles_for
from onelot.app.commands.gate import Work, open_work
from onelot.app.commands.make import DecideCommand, RestartPhase
from onelot.app.commands.stops import RefuseScan
from onelot.app.context import Actor, Context
from onelot.app.effects import carry_out
from onelot.app.lease import Lease
from onelot.app.web import reading, stepping
from onelot.app.web.scanning import Scanned, is_confirmation, read_scan
from onelot.app.web.screen import Screen, Sent, Text
from onelot.app.web.stepping import Ask, Doing
from onelot.record.errors import BadInput, Conflict, Held, Mismatch, NotAllowed, OnelotError, OutOfOrder
from onelot.record.signature import second_person

Kept = Annotated[list[str], Form(max_length=400)]


@dataclass(frozen=True)
class Answer:
    """What the step's form carries: what it is about, at which event, what was answered so far, and the answer."""

    kind: str
    phase: str
    name: str
    at: str
    ask: str
    scan: str
    offered: str
    verified_by: str
    answers: dict[str, str]


def _form(
    kind: Text = "", phase: Text = "", name: Text = "", at: Text = "", ask: Text = "", scan: Text = "",
    offered: Text = "", verified_by: Text = "", had: Kept = [],  # noqa: B006 - FastAPI copies it
) -> Answer:  # fmt: skip
    answers = dict(each.split("=", 1) for each in had if "=" in each)
    second = verified_by.strip()
    if second and not second.startswith("person/"):
        second = f"person/{second}"
    return Answer(kind, phase, name, at, ask, scan, offered, second, answers)


class WrongThing(Exception):
    """A wrong thing was scanned: how it is refused, and the command that puts the near miss on the record."""

    def __init__(self, error: OnelotError, command: RefuseScan) -> None:
        super().__init__(error.what)
        self.error, self.command = error, command


def routes(router: APIRouter, screen: Screen) -> None:
    """The step's page and its form; what a supervisor decides on a held phase."""
    _stepping(router, screen)
    _deciding(router, screen)


def _stepping(router: APIRouter, screen: Screen) -> None:
    leases = screen.house.leases

    @router.get("/batches/{number}/step")
    def step(request: Request, number: str, take: bool = False) -> Response:
        actor = screen.enter(request, "step")
        work = open_work(screen.context(actor), number, held_too=True)
        doing = stepping.doing_of(work, screen.house.clock(), {})
        held = None
        if _may(doing, actor):
            held = leases.take(number, actor, screen.house.clock(), over=take)
        return _page(screen, request, actor, work, doing, {}, held)

    @router.post("/batches/{number}/step")
    def answer(
        request: Request, number: str, sent: Annotated[Sent, Depends()], form: Annotated[Answer, Depends(_form)]
    ) -> Response:
        actor = screen.enter(request, "step", sent)
        work = open_work(screen.context(actor), number, held_too=True)
        doing = stepping.doing_of(work, screen.house.clock(), form.answers)
        if stopped := _stopped_before(screen, request, actor, sent, work, form):
            return stopped
        if form.at != str(work.batch.seq) or (form.kind, form.phase, form.name) != _about(doing):
            _refuse_moved(screen, actor, sent, form, number)
            return screen.go(f"/screen/batches/{number}/step")
        leases.take(number, actor, screen.house.clock(), over=True)
        answered = form.answers
        try:
            answered = _answered(screen, work, doing, form, actor)
            done = _go_on(screen, request, actor, sent, work, form, answered)
        except WrongThing as wrong:
            leases.give_back(number, actor)
            _keep(screen, request, actor, sent, wrong.command)
            return _wrong(screen, request, actor, work, doing, form, wrong.error)
        except (Mismatch, Held) as refusal:
            leases.give_back(number, actor)
            return _wrong(screen, request, actor, work, doing, form, refusal)
        except (BadInput, NotAllowed) as again:
            # Nothing was done: what was scanned before a misread label or a mistyped password is not lost.
            kept = stepping.doing_of(work, screen.house.clock(), answered)
            return _page(screen, request, actor, work, kept, answered, None, again, form.verified_by)
        if done is None:
            leases.give_back(number, actor)
            return screen.go(f"/screen/batches/{number}/step")
        return done


def _deciding(router: APIRouter, screen: Screen) -> None:
    @router.post("/batches/{number}/held")
    def decide(
        request: Request, number: str, sent: Annotated[Sent, Depends()], phase: Text = "", key: Text = "",
        decision: Text = "", reason: Text = "",
    ) -> Response:  # fmt: skip
        actor = screen.enter(request, "step", sent)
        if key and decision in ("it_is_done", "send_again"):
            word = "it_is_done" if decision == "it_is_done" else "send_again"
            screen.give(request, actor, DecideCommand(number, key, word, reason.strip()), sent)  # type: ignore[arg-type]
        elif key:
            raise BadInput("nothing was chosen", rule="it is done, or send again", remedy="choose one of the two")
        else:
            screen.give(request, actor, RestartPhase(number, phase, reason.strip()), sent)
        screen.house.leases.give_back(number, actor)
        return screen.go(f"/screen/batches/{number}/step")


def _keep(screen: Screen, request: Request, actor: Actor, sent: Sent, command: RefuseScan) -> None:
    """Put the near miss on the record; it is refused there as it is here."""
    try:
        screen.give(request, actor, command, sent.for_scan(command.thing, command.text))
    except (Mismatch, Held):
        return


def _stopped_before(
    screen: Screen, request: Request, actor: Actor, sent: Sent, work: Work, form: Answer
) -> Response | None:
    """The red page again, where this very form was sent before and stopped."""
    if not sent.once or form.kind not in near_misses.KINDS or form.at == str(work.batch.seq):
        return None
    try:
        text = read_scan(form.scan).numbers
        command = RefuseScan(work.batch.batch, form.kind, form.phase, form.ask, text, _before(form.answers))  # type: ignore[arg-type]
        named = sent.for_scan(command.thing, command.text)
        screen.house.loop.repeated(command, actor, f"{actor.id}/{named.once}")
    except (Mismatch, Held) as refusal:
        doing = Doing(form.kind, name=form.name, asks=(Ask(form.ask, "scan"),))
        return _wrong(screen, request, actor, work, doing, form, refusal)
    except OnelotError:
        return None
    return None


def _about(doing: Doing) -> tuple[str, str, str]:
    return doing.kind, doing.phase.name if doing.phase else "", doing.name


def _may(doing: Doing, actor: Actor) -> bool:
    return bool(roles_for(doing.command) & actor.roles)


def _given(screen: Screen, work: Work, doing: Doing) -> dict[str, str]:
    """What the form brings along without being asked for."""
    match doing.kind:
        case "measure":
            return {"taken": screen.house.clock().isoformat(), "unit": doing.unit}
        case "fill":
            return {"of kind": stepping.kind_of_container(work)}
        case "finish":
            return {"yield": str(len(work.batch.containers))}
    return {}


def _refuse_moved(screen: Screen, actor: Actor, sent: Sent, form: Answer, number: str) -> None:
    """The record is past this form: fine when by this very form, else somebody else was quicker.

    Raises:
        Conflict: it was somebody else.
    """
    answers = form.answers
    if form.ask:
        text = form.scan.strip() or form.offered
        answers = {**answers, form.ask: _plain_scan(text)}
    try:
        command = stepping.command(number, form.kind, form.phase, form.name, answers, form.verified_by)
        if sent.once and screen.house.loop.repeated(command, actor, f"{actor.id}/{sent.once}"):
            return
    except BadInput:
        pass
    raise Conflict(
        "this step has moved on since you opened it",
        rule="a step is done once, by whoever was first; nothing of what you sent was done",
        remedy="open the step again and read what it asks now",
    )


def _plain_scan(text: str) -> str:
    try:
        found = read_scan(text)
    except OnelotError:
        return text
    return found.text or found.label.get("container", "")


def _next_ask(doing: Doing, answers: dict[str, str]) -> Ask | None:
    return next((each for each in doing.asks if each.name not in answers), None)


def _answered(screen: Screen, work: Work, doing: Doing, form: Answer, actor: Actor) -> dict[str, str]:
    """The answers with the one just given, checked as far as it can be by itself.

    Raises:
        Mismatch, Held: what was scanned is not what goes here. BadInput: it cannot be read.
    """
    answers = dict(form.answers)
    ask = next((each for each in doing.asks if each.name == form.ask), None)
    if ask is None or ask.name in answers:
        return answers
    text = form.scan.strip(" \t\r\n")
    match ask.kind:
        case "confirm":
            if not is_confirmation(text):
                raise _put_down(text, "confirm", f"the step {doing.title} asks for a confirmation, not for a scan")
            answers[ask.name] = "yes"
        case "number":
            answers[ask.name] = str(stepping.number(text or ask.offered))
        case "whole":
            answers[ask.name] = str(stepping.whole(text or ask.offered))
        case "time":
            answers[ask.name] = stepping.moment(text or ask.offered).isoformat()
        case "text":
            answers[ask.name] = text or ask.offered
            if not answers[ask.name]:
                raise BadInput(f"{ask.name} is missing", rule="a step is entered whole", remedy="enter it")
        case "scan":
            answers.update(_scanned(screen, work, doing, ask, text, answers, actor))
    return answers


def _put_down(seen: str, expected: str, rule: str) -> Mismatch:
    return Mismatch(f"{seen} was scanned, {expected} was expected", rule=rule, remedy="put it down; scan the right one")


def _scanned(
    screen: Screen, work: Work, doing: Doing, ask: Ask, text: str, answers: dict[str, str], actor: Actor
) -> dict[str, str]:
    if ask.more and is_confirmation(text):
        return {ask.name: ""}
    if not text:
        raise BadInput("nothing was scanned", rule="every label is scanned", remedy="scan the label")
    found = read_scan(text)
    if doing.kind == "scan":
        return _identity(work, doing, ask, found.reads, found.label, answers)
    if doing.kind == "receive":
        return _received(screen.context(actor), work, doing, ask, found, answers)
    if doing.kind in near_misses.KINDS:
        _stop_wrong(screen.context(actor), work, doing, ask, found.numbers, _before(answers))
        return {ask.name: near_misses.plain_number(found.numbers)}
    return {ask.name: found.reads("container")}


def _before(answers: dict[str, str]) -> tuple[str, ...]:
    """The containers scanned so far."""
    return tuple(value for key, value in answers.items() if key.startswith("container ") and value)


def _stop_wrong(context: Context, work: Work, doing: Doing, ask: Ask, text: str, before: tuple[str, ...] = ()) -> None:
    """Refuse a wrong thing with what the record shall keep of it."""
    phase = doing.phase.name if doing.phase else ""
    found = near_misses.judge(context, work, doing.kind, phase, ask.name, text, before)
    if found:
        raise WrongThing(found[1], RefuseScan(work.batch.batch, doing.kind, phase, ask.name, text, before))  # type: ignore[arg-type]


def _received(
    context: Context, work: Work, doing: Doing, ask: Ask, found: Scanned, answers: dict[str, str]
) -> dict[str, str]:
    """Bag or paperwork of what comes in, in any order: what is right for one still asked for answers that one."""
    left = [each.name for each in doing.asks if each.name not in answers and each.kind == "scan"]
    for name in (ask.name, *(each for each in left if each != ask.name)):
        text = found.numbers if name == "container" or not found.label else found.reads(name) or found.numbers
        if not near_misses.judge(context, work, "receive", "", name, text):
            return {name: found.reads(name)}
    _stop_wrong(context, work, doing, ask, found.numbers)
    return {ask.name: found.reads(ask.name)}


def _identity(
    work: Work, doing: Doing, ask: Ask, reads: Any, label: dict[str, str], answers: dict[str, str]
) -> dict[str, str]:
    """A scan of batch, patient or container, in any order: what reads as one still asked for answers that one."""
    wanted = {each.name: {each.expected} for each in doing.asks}
    left = [each.name for each in doing.asks if each.name not in answers and each.kind == "scan"]
    order = [ask.name, *(name for name in left if name != ask.name)]
    coi = work.therapy.coi if work.therapy else ""
    foreign = bool(label.get("coi")) and label["coi"] != coi
    for name in order:
        if reads(name) in wanted[name] and not foreign:
            return {name: reads(name)}
    # The label of another patient is never the right one, whatever else on it agrees.
    return {ask.name: label["coi"] if foreign else reads(ask.name) or "another label"}


def _go_on(
    screen: Screen, request: Request, actor: Actor, sent: Sent, work: Work, form: Answer, answers: dict[str, str]
) -> Response | None:
    """The next question as a page, or None when the step's command was given."""
    doing = stepping.doing_of(work, screen.house.clock(), answers)
    wrong = [
        each.name
        for each in doing.asks
        if doing.kind == "scan" and each.name in answers and answers[each.name] != each.expected
    ]
    missing = _next_ask(doing, answers)
    if missing is not None and not wrong:
        return _page(screen, request, actor, work, doing, answers, None)
    if doing.second and not wrong:
        if not form.verified_by:
            return _page(screen, request, actor, work, doing, answers, None)
        second_person(actor.id, form.verified_by, what=doing.title or doing.kind)
    if doing.kind == "ask":
        carry_out(screen.house)
        return None
    if not doing.command or doing.kind in ("held", "unknown"):
        raise OutOfOrder("there is nothing to enter now", rule="a step of the recipe", remedy="open the step again")
    phase = doing.phase.name if doing.phase else ""
    # A wrong scan goes to the record at once: nobody has to verify that it was wrong.
    second = "" if wrong else form.verified_by
    command = stepping.command(work.batch.batch, doing.kind, phase, doing.name, answers, second)
    screen.give(request, actor, command, sent)
    return None


def _wrong(
    screen: Screen, request: Request, actor: Actor, work: Work, doing: Doing, form: Answer, refusal: OnelotError
) -> Response:
    """The red page: what was scanned, what was expected, put it down, by which rule, what the record keeps."""
    ask = next((each for each in doing.asks if each.name == form.ask), None)
    stream = f"batch/{work.batch.batch}"
    # From where the form was made: sent again, it shows again what it left.
    since = int(form.at) if form.at.isascii() and form.at.isdigit() and len(form.at) < 10 else work.batch.seq
    kept = reading.knots(screen.house, list(screen.house.journal.read(stream, since)))
    try:
        seen = read_scan(form.scan).shown if ask and ask.kind == "scan" else form.scan.strip()
    except BadInput:
        seen = form.scan.strip()
    return screen.render(
        "wrong.html", request, actor, 409, error=refusal, number=work.batch.batch, ask=ask, seen=seen[:400],
        expected=_expected(work, doing, ask), kept=kept, scan=bool(ask and ask.kind == "scan"),
    )  # fmt: skip


def _expected(work: Work, doing: Doing, ask: Ask | None) -> str:
    if ask is None:
        return ""
    if doing.kind == "receive" and ask.name == "container":
        return doing.reason
    if doing.kind == "fill" and ask.kind == "scan":
        return work.batch.batch
    return ask.expected or ask.offered


def _page(
    screen: Screen, request: Request, actor: Actor, work: Work, doing: Doing, answers: dict[str, str],
    held: Lease | None, again: OnelotError | None = None, second: str = "",
) -> Response:  # fmt: skip
    phases = [phase.name for phase in work.recipe.phases]
    ask = _next_ask(doing, answers)
    return screen.render(
        "step.html", request, actor, status_of(again) if again else 200, again=again,
        second=second.removeprefix("person/"), batch=work.batch, recipe=work.recipe, doing=doing, ask=ask, held=held,
        answers=answers or _given(screen, work, doing), at=work.batch.seq, may=_may(doing, actor),
        roles=sorted(roles_for(doing.command)), place=phases.index(doing.phase.name) + 1 if doing.phase else 0,
        places=len(phases), plain=stepping.plain, expected=_expected(work, doing, ask),
        seen=[(each, answers[each.name]) for each in doing.asks if each.name in answers],
        equipment=work.batch.running.equipment if work.batch.running else "",
    )  # fmt: skip
