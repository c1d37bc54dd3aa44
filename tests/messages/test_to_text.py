"""HTML as text for reading."""

from __future__ import annotations

import pytest

from server.messages.to_text import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("just words", "just words"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>", "a\n\nb"),
        ("<p style='margin:0'>a</p><p style='margin:0'>b</p>", "a\nb"),
        ("<h1>T</h1>text<hr>more", "T\n\ntext\n\nmore"),
        ("  a \n  b\tc&nbsp; d ", "a b c  d"),
        ("a<b> b</b> <i>c</i>d", "a b cd"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>after", "- a\n- b\n  - c\n\nafter"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><p>a</p></li><li></li><li>b</li></ul>", "- a\n- b"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a b\nc d"),
        ("<table><tr><td><table><tr><td>deep</table></table>", "deep"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
        ("<blockquote type=cite>a<br>b<blockquote type=cite>c</blockquote></blockquote>d", "> a\n> b\n>\n>> c\n\nd"),
        ("<blockquote>indented</blockquote>", "indented"),
        ("<a href='https://x.example/a'>here</a>", "here <https://x.example/a>"),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        ("<a href='http://www.x.example'>https://x.example/</a>", "https://x.example/"),
        ("<a href='mailto:a@x.example?subject=y'>a@x.example</a>", "a@x.example"),
        ("<a href='mailto:a@x.example'>Anna</a>", "Anna <a@x.example>"),
        ("<a href='tel:+41'>+41</a>", "+41"),
        ("<a href='#top'>up</a><a href='javascript:x()'>run</a>", "uprun"),
        ("<a href='https://x.example/i'><img src=x></a>", "<https://x.example/i>"),
        ("<img alt='Our logo'> <img src=pixel.gif>", "Our logo"),
        ("<head><title>t</title><style>p{}</style></head><script>x</script><noscript>n</noscript>a", "a"),
        ("<div style='display: none'>pre</div>a", "a"),
        ("<div style='max-height:0px; overflow:hidden'>pre</div>a<span hidden>b</span>", "a"),
        ("<span style='mso-hide:all'>a</span><i style='opacity:0'>b</i>c<i style='opacity:0.5'>d</i>", "cd"),
        ("<td style='font-size:0'><p style='font-size:14px'>shown</p></td>", "shown"),
        ("<div style='display:none'>all is hidden</div>", "all is hidden"),
        ("a<!-- no --><![if !mso]>b<![endif]><?php x ?>c", "abc"),
        ("<o:p>a</o:p>&#0;&#1;&#x2028;&amp;&lt;&euro;&nosuch;", "a\ufffd &<€&nosuch;"),
        ("&#xD800;x&#x110000;", "\ufffdx\ufffd"),
        ("so\u00adft wi\u200bdth", "soft width"),
        ("<?xml version='1.0' encoding='utf-16'?><html><meta charset=koi8-r><p>Grüße</p></html>", "Grüße"),
        ("<p>a", "a"),
        ("</p></div>a</span>", "a"),
        ("a < b > c", "a < b > c"),
        ("<textarea>t</textarea><select><option>o</select><iframe>i</iframe>a", "a"),
        ("\0", ""),
    ],
)
def test_what_people_see(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize("depth", [100, 1_000, 20_000])
@pytest.mark.parametrize("tag", ["div", "blockquote type=cite", "span", "table", "b"])
def test_no_depth_loses_a_word(tag: str, depth: int) -> None:
    html = f"<{tag}>" * depth + "inside" + f"</{tag.split()[0]}>" * depth + "<p>behind</p>"
    text = to_text(html)
    assert "inside" in text
    assert "behind" in text


def test_the_text_is_bounded() -> None:
    assert len(to_text("<blockquote type=cite>" * 10 + "<br>x" * 400_000)) == 2_000_000
    assert len(to_text("x" * 5_000_000)) <= 2_000_000
