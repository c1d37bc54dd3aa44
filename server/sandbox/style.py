"""The stylesheet of the sandbox's pages: no fonts, no pictures, nothing from elsewhere."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6475; --paper: #f6f7f9; --card: #fff; --line: #dde1e8;
  --accent: #2457c5; --strip: #fff1c9; --strip-ink: #5c4300; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf1; --soft: #a1a9b8; --paper: #14171d; --card: #1c2028; --line: #303642;
    --accent: #8fb3ff; --strip: #3a2f10; --strip-ink: #ffdf8a; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
.strip { background: var(--strip); color: var(--strip-ink); padding: .5rem 1rem; text-align: center; font-size: .9rem; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
main.narrow { max-width: 28rem; }
h1 { font-size: 1.4rem; margin: .5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
.soft { color: var(--soft); font-size: .9rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.pad { padding: 1rem; }
.rows { list-style: none; margin: 0; padding: 0; }
.rows li + li { border-top: 1px solid var(--line); }
.rows a, .rows button { display: block; width: 100%; padding: .7rem 1rem; color: inherit; text-decoration: none;
  text-align: left; background: none; border: 0; font: inherit; cursor: pointer; }
.rows a:hover, .rows button:hover { background: color-mix(in srgb, var(--accent) 10%, transparent); }
.rows .top { display: flex; gap: .75rem; justify-content: space-between; }
.rows .top > :first-child, .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.rows time { flex: none; }
details { margin: .6rem 0; }
summary { cursor: pointer; }
details .card { margin-top: .4rem; }
.unread { font-weight: 650; }
nav { display: flex; flex-wrap: wrap; gap: .35rem 1rem; margin-bottom: .75rem; }
nav [aria-current] { color: inherit; font-weight: 650; text-decoration: none; }
table { width: 100%; border-collapse: collapse; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
iframe { width: 100%; height: 32rem; border: 0; background: #fff; display: block; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: .85rem/1.5 ui-monospace, monospace; }
label { display: block; margin: .6rem 0 .2rem; }
label.tick { display: flex; gap: .6rem; margin: .6rem 0; align-items: baseline; }
textarea, input[type=text], input[type=email] { width: 100%; padding: .5rem .6rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; }
.actions { display: flex; gap: .6rem; justify-content: flex-end; margin-top: 1rem; }
.button { font: inherit; padding: .5rem 1.1rem; border-radius: .4rem; border: 1px solid var(--line);
  background: none; color: inherit; cursor: pointer; }
.button.main { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 30rem) { th { display: block; padding-bottom: 0; } td { display: block; padding-top: 0; } }
"""
