"""Which columns of accounts hold personal data: the names of our own people. A customer company is no person."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "account": {
        Kind.STAFF: "owner_name owner_id tam_name tam_id",
        Kind.NONE: "id salesforce_id name name_key website parent_id arr renewal_on contract_start_on lifecycle_stage "
        "synced_at created_at updated_at",
    },
    "account_change": {Kind.STAFF: "before after", Kind.NONE: "id account_id field changed_at"},
    "account_domain": {Kind.NONE: "id account_id domain registrable"},
}
