"""Looking for whatever a trigger is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy.orm import Session

from server.triggers.look.candidate import Candidate, Span
from server.triggers.look.changes import stage_reached, tam_assigned
from server.triggers.look.renewals import before_renewal
from server.triggers.look.reports import licence_use, sentiment_is, survey_answer
from server.triggers.look.silence import no_conversation
from server.triggers.models import TriggerKind
from server.triggers.watch import Watch

Look = Callable[[Session, Watch, Span], Iterable[Candidate]]


def _nothing(_session: Session, _watch: Watch, _span: Span) -> Iterable[Candidate]:
    """A file comes from a person; the clock has nothing to look for."""
    return ()


LOOKS: Mapping[TriggerKind, Look] = {
    TriggerKind.TAM_ASSIGNED: tam_assigned,
    TriggerKind.BEFORE_RENEWAL: before_renewal,
    TriggerKind.NO_CONVERSATION: no_conversation,
    TriggerKind.SENTIMENT_IS: sentiment_is,
    TriggerKind.LICENCE_USE_UNDER: licence_use,
    TriggerKind.LICENCE_USE_OVER: licence_use,
    TriggerKind.STAGE_REACHED: stage_reached,
    TriggerKind.SURVEY_ANSWER: survey_answer,
    TriggerKind.FILE_IMPORTED: _nothing,
}


def candidates(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """What it is about, from when it was turned on until the end of the span. Also what has fired already."""
    for found in LOOKS[watch.kind](session, watch, span):
        if span.is_within(found, watch):
            yield found
