"""MJML with Jinja in it to HTML with Jinja in it: strings in, strings out.

The scheme: every Jinja tag and the content of every component that holds HTML become opaque markers, the rest is
checked against MJML's own schema and written out clean, `parts` lays it out in a child process, and the markers are
put back according to where they landed.
"""
