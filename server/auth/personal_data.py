"""Which columns of sign-in hold personal data: of our users, never of contacts."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "team": {Kind.NONE: "id name"},
    "user": {
        Kind.STAFF: "id email name title role team_id time_zone country issuer subject created_at deactivated_at",
    },
    "user_session": {
        Kind.STAFF: "id token_hash user_id csrf_token user_agent ip created_at last_seen_at expires_at",
    },
    "device": {
        Kind.STAFF: "id user_id redirect_uri scopes family_hash refresh_hash access_hash access_expires_at user_agent "
        "ip created_at last_seen_at expires_at ends_at",
    },
    "authorization_code": {
        Kind.STAFF: "user_id device_id",
        Kind.NONE: "id code_hash redirect_uri scopes code_challenge expires_at tried_at",
    },
    "personal_token": {
        Kind.STAFF: "id user_id name scopes token_hash created_at expires_at last_seen_at last_ip",
    },
    "oauth_attempt": {
        Kind.STAFF: "user_id",
        Kind.NONE: "id state_hash browser_hash purpose nonce code_verifier return_to expires_at",
    },
}
