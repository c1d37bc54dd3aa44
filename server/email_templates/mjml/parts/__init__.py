"""What each component of MJML 5.4 looks like as HTML. tests/email_templates/mjml_reference holds it to npm's mjml.

Everything here is a function of the tree: no file, no clock, no network. The input is what layout.write() wrote, so
values are checked, and text is a marker that stands for it.
"""
