"""The register of mail: which of its columns hold personal data, and of what kind."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "mail_thread": {Kind.NONE: "id created_at"},
    "mail_message": {
        Kind.MAIL_ENVELOPE: "subject sent_at rfc_message_id kind_reason ties",
        Kind.NONE: "id mail_thread_id state waiting_reason kind level_by_person rule_version created_at changed_at "
        "text_removed_months",
    },
    "mail_content": {Kind.MAIL_TEXT: "text new_text html attachments", Kind.NONE: "id is_cut"},
    "mail_key": {Kind.ERASED: "key", Kind.NONE: "id mail_message_id"},
    "mail_reference": {Kind.MAIL_ENVELOPE: "rfc_message_id", Kind.NONE: "id mail_message_id"},
    "mail_participant": {
        Kind.MAIL_ENVELOPE: "part name email email_norm match_key contact_id",
        Kind.NONE: "id mail_message_id position registrable is_ours account_id",
    },
    "mail_copy": {
        Kind.STAFF: "user_id mailbox_id",
        Kind.NONE: "id mail_message_id route source gmail_message_id gmail_thread_id is_sent level own_level "
        "created_at",
    },
    "mail_choice": {
        Kind.STAFF: "mailbox_id",
        Kind.ERASED: "people_key mail_key",
        Kind.NONE: "id gmail_thread_id level chosen_at used_at gmail_message_id",
    },
    "mail_link": {
        Kind.MAIL_ENVELOPE: "address contact_id candidates",
        Kind.STAFF: "by_person_id",
        Kind.NONE: "id mail_message_id account_id state rule rule_version decided_at timeline_entry_id",
    },
    "thread_decision": {Kind.STAFF: "by_person_id", Kind.NONE: "id mail_thread_id account_id state decided_at"},
    "never_pair": {Kind.MAIL_RULE: "email_norm", Kind.STAFF: "by_person_id", Kind.NONE: "id account_id created_at"},
    "mail_exclusion": {
        Kind.MAIL_RULE: "value label",
        Kind.STAFF: "by_person_id",
        Kind.NONE: "id kind mailbox_id created_at",
    },
    "own_domain": {Kind.STAFF: "by_person_id", Kind.NONE: "id domain created_at"},
    "shared_domain": {Kind.STAFF: "by_person_id", Kind.NONE: "id domain created_at"},
    "rules_change": {Kind.MAIL_RULE: "what", Kind.STAFF: "by_person_id", Kind.NONE: "id number at"},
    "mail_replay": {
        Kind.MAIL_RULE: "sample",
        Kind.STAFF: "by_person_id",
        Kind.NONE: "id state since rule_version position total done counts created_at changed_at",
    },
    "inbound_address": {
        Kind.STAFF: "user_id token question_email question_code",
        Kind.NONE: "id level question_at created_at",
    },
    "mail_salt": {Kind.NONE: "id salt"},
    "mail_cursor": {Kind.NONE: "id name at"},
}
