"""Running all parts of Rapport under one process, so that one command starts it and Ctrl-C ends it."""
