"""The layout compiler runs in a child; whatever happens to it, we get a clean error and go on."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

import pytest

from server.email_templates.mjml.guarded import Compiler, CompilerFailed
from server.email_templates.mjml.guarded import compiler as compiler_of_this_process
from server.email_templates.mjml.translate import translate
from server.email_templates.problems import TemplateInvalid
from tests.email_templates.mails import words

GOOD = "<mjml><mj-body></mj-body></mjml>"


def child(code: str, seconds: float = 10) -> Compiler:
    return Compiler([sys.executable, "-I", "-c", code], seconds)


def test_what_the_compiler_refuses_is_an_error_and_the_child_lives_on():
    compiler = Compiler()
    with pytest.raises(CompilerFailed, match="refused"):
        compiler.to_html("<mjml><mj-body>")
    assert compiler.to_html(GOOD).startswith("<!doctype html>")
    compiler.close()


def test_what_is_not_well_formed_is_an_error():
    compiler = Compiler()
    with pytest.raises(CompilerFailed, match="not well formed"):
        compiler.to_html("<mjml><mj-body><mj-raw><!--[if x></mj-raw></mj-body></mjml>")
    assert compiler.to_html(GOOD)
    compiler.close()


def test_what_is_nested_too_deep_is_an_error_and_the_next_call_works():
    compiler = Compiler()
    with pytest.raises(CompilerFailed, match="refused"):
        compiler.to_html("<mjml><mj-body>" + "<mj-wrapper>" * 20_000 + "</mj-wrapper>" * 20_000 + "</mj-body></mjml>")
    assert compiler.to_html(GOOD)
    compiler.close()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import time; time.sleep(60)", "took too long"),
        ("import sys; [None for _ in sys.stdin]", "took too long"),
        ("import os; os._exit(3)", "crashed"),
        ("print('not json', flush=True); input(); input()", "crashed"),
    ],
)
def test_a_child_that_hangs_or_dies_is_an_error(code: str, says: str):
    compiler = child(code, 0.3)
    with pytest.raises(CompilerFailed, match=says):
        compiler.to_html(GOOD)
    compiler.close()


def test_a_failing_compiler_makes_the_template_invalid_with_a_sentence():
    compiler = child("import os; os._exit(3)")
    with pytest.raises(TemplateInvalid, match="layout compiler crashed"):
        translate(words("x"), using=compiler)
    compiler.close()


def test_threads_share_one_child():
    compiler = Compiler()
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(compiler.to_html(GOOD))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert len(answers) == 8
    compiler.close()


def test_a_forked_process_starts_its_own_child():
    first = compiler_of_this_process()
    first.to_html(GOOD)
    process = os.fork()
    if process == 0:  # a worker of RQ
        with contextlib.suppress(BaseException):
            mine = compiler_of_this_process()
            os._exit(0 if mine is not first and mine.to_html(GOOD) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert compiler_of_this_process() is first
    assert first.to_html(GOOD)


def test_a_large_template_goes_through_the_pipes():
    assert translate(words("<p>" + "wörds " * 20_000 + "</p>")).text.count("wörds") == 20_000
