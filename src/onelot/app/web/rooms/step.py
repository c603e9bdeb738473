"""The step in hand of a batch: one instruction, one box that a scanner types into, expected and seen side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from onelot import make
from onelot.app.api.doors import status_of
from onelot.app.authority import roles_for
from onelot.app.commands.gate import Work, open_work
from onelot.app.commands.make import DecideCommand, RestartPhase
from onelot.app.context import Actor
from onelot.app.effects import carry_out
from onelot.app.lease import Lease
from onelot.app.web import reading, stepping
from onelot.app.web.scanning import is_confirmation, read_scan
from onelot.app.web.screen import Screen, Sent, Text
from onelot.app.web.stepping import Ask, Doing
from onelot.record.errors import BadInput, Conflict, Held, Mismatch, NotAllowed, OnelotError, OutOfOrder
from onelot.record.signature import second_person

Kept = Annotated[list[str], Form(max_length=400)]
# Stands in for the second person while a scan is tried out; the command itself asks for a real one.
_SOMEBODY = "person/-"


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


def routes(router: APIRouter, screen: Screen) -> None:
    """The step's page and its form; what a supervisor decides on a held phase."""
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
        if form.at != str(work.batch.seq) or (form.kind, form.phase, form.name) != _about(doing):
            _refuse_moved(screen, actor, sent, form, number)
            return screen.go(f"/screen/batches/{number}/step")
        leases.take(number, actor, screen.house.clock(), over=True)
        answered = form.answers
        try:
            answered = _answered(screen, work, doing, form, actor)
            done = _go_on(screen, request, actor, sent, work, form, answered)
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
        leases.give_back(number, actor)
        return screen.go(f"/screen/batches/{number}/step")


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
    if doing.kind in ("scan", "receive"):
        return _identity(work, doing, ask, found.reads, found.label, answers)
    name = found.reads("container").removeprefix("equipment/").removeprefix("lot/")
    if doing.kind == "start" and doing.phase:
        equipment = screen.context(actor).reader.equipment(name)
        _try_start(screen, work, doing, name, equipment)
    elif doing.kind == "charge" and doing.phase:
        _try_charge(screen, work, doing, name, actor)
    elif doing.kind == "fill":
        _check_label(work, found.label)
        if name in [value for key, value in answers.items() if key.startswith("container ")]:
            raise _put_down(name, "another container", "every container has an identity of its own, scanned once")
    return {ask.name: name}


def _identity(
    work: Work, doing: Doing, ask: Ask, reads: Any, label: dict[str, str], answers: dict[str, str]
) -> dict[str, str]:
    """A scan of batch, patient or container, in any order: what reads as one still asked for answers that one."""
    if doing.kind == "receive":
        waiting = stepping.waiting_material(work)
        wanted = {"container": set(waiting), "patient": {work.therapy.coi if work.therapy else ""}}
    else:
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


def _try_start(screen: Screen, work: Work, doing: Doing, name: str, equipment: Any) -> None:
    make.start_phase(
        work.recipe, work.batch, doing.name if doing.phase is None else doing.phase.name, screen.house.clock(),
        parameters=work.parameters, equipment_name=name, equipment=equipment if equipment.state != "new" else None,
    )  # fmt: skip


def _try_charge(screen: Screen, work: Work, doing: Doing, name: str, actor: Actor) -> None:
    """Try the lot with as much as it can give, so that a wrong one is said at the scan and not at the end."""
    context = screen.context(actor)
    lot = context.reader.lot(name)
    if lot.state == "new":
        raise _put_down(name, doing.name, f"charging takes a lot on the record, of {doing.name}")
    left = context.journal.available(f"lot/{name}")
    amount = min(left, doing.amount or left) if left > 0 else doing.amount or left
    make.charge(
        work.recipe, work.batch, doing.phase.name if doing.phase else "", lot, amount, left, context.now,
        parameters=work.parameters, by=actor.id, verified_by=_SOMEBODY,
    )  # fmt: skip


def _check_label(work: Work, label: dict[str, str]) -> None:
    coi = work.therapy.coi if work.therapy and not work.batch.for_study else ""
    if label and (label["batch"] != work.batch.batch or label.get("coi", "") != coi):
        raise _put_down(
            f"a label of batch {label['batch']}, {label.get('coi') or 'stock'}",
            f"batch {work.batch.batch}, {coi or 'stock'}",
            "every container belongs to one patient or to stock, and its label says so",
        )


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
    if doing.kind == "receive" and answers.get("patient", doing.asks[1].expected) != doing.asks[1].expected:
        wrong.append("patient")
    if doing.kind == "receive" and answers.get("container", "") not in ("", *stepping.waiting_material(work)):
        wrong.append("container")
    if wrong and doing.kind == "receive":
        expected = doing.asks[1].expected if "patient" in wrong else doing.reason
        raise _put_down(
            answers[wrong[0]], expected, "chain of identity: what comes in was collected under the same therapy"
        )
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
    kept = reading.knots(screen.house, list(screen.house.journal.read(stream, work.batch.seq)))
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
