-- Secrets of owners, sealed: `sealed` is a nonce and the ciphertext of AES-256-GCM under the key `key_id`, bound to the
-- owner and the name. The keys are in the settings of the processes, never here.
create table secrets (
    id text collate "C" primary key,
    owner_id text collate "C" not null,
    name text collate "C" not null,
    key_id text collate "C" not null,
    sealed bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    unique (owner_id, name)
);

-- The key that has sealed the signing key of a webhook; null if it is stored as it is, by a server that had no keys.
alter table webhooks add column key_id text collate "C";
