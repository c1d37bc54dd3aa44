"""/api/v1/panel: what the Gmail extension shows beside a mail. By POST, for URLs stand in logs."""

from server.panel.api import beside, conversation, drafts, misses, sending
from server.panel.api.frame import blueprint

__all__ = ["beside", "blueprint", "conversation", "drafts", "misses", "sending"]
