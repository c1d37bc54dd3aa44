"""Which columns of sign-in hold personal data: of our users, never of contacts."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "team": {Kind.NONE: "id name"},
    "user": {
        Kind.STAFF: "id email name title role team_id time_zone issuer subject created_at deactivated_at",
    },
    "user_session": {
        Kind.STAFF: "id token_hash user_id csrf_token user_agent ip created_at last_seen_at expires_at",
    },
    "oauth_attempt": {
        Kind.STAFF: "user_id",
        Kind.NONE: "id state_hash browser_hash purpose nonce code_verifier return_to expires_at",
    },
}
