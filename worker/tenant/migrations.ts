/** The tables of a `Tenant`; `docs/storage.md` tells what bounds each. */
export const tenantMigrations = [
  `
  CREATE TABLE tenant (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    id_tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    destroyed_at INTEGER
  );
  CREATE TABLE api_keys (
    position INTEGER PRIMARY KEY,
    id_key TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    name TEXT,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE sessions (
    position INTEGER PRIMARY KEY,
    id_object TEXT NOT NULL UNIQUE,
    id_session TEXT NOT NULL,
    live_name TEXT UNIQUE,
    name TEXT,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    configured_version INTEGER NOT NULL,
    is_destroy_told INTEGER NOT NULL
  );
  CREATE TABLE subscriptions (
    position INTEGER PRIMARY KEY,
    id_subscription TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
  );
  `,
  `ALTER TABLE sessions ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'`,
  `
  ALTER TABLE sessions ADD COLUMN origin_id TEXT;
  ALTER TABLE sessions ADD COLUMN request_hash TEXT;
  `,
] as const
