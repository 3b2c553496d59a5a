/** The tables of a `Session`; `docs/storage.md` tells what bounds each. */
export const sessionMigrations = [
  `
  CREATE TABLE session (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    record TEXT NOT NULL
  );
  CREATE TABLE marks (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    head INTEGER NOT NULL,
    n INTEGER NOT NULL
  );
  CREATE TABLE log (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    bodies TEXT NOT NULL,
    proofs TEXT NOT NULL
  );
  CREATE TABLE event_ids_0 (id_event TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE event_ids_1 (id_event TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE keys (
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (type, id)
  ) WITHOUT ROWID;
  CREATE TABLE held (
    position INTEGER PRIMARY KEY,
    chat TEXT NOT NULL,
    id_event TEXT NOT NULL,
    id_file TEXT,
    source TEXT,
    deadline_at INTEGER,
    proof TEXT NOT NULL,
    draft TEXT NOT NULL
  );
  CREATE TABLE invalid (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    event TEXT NOT NULL
  );
  CREATE TABLE commands (
    id_command TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    command TEXT NOT NULL,
    finished_at INTEGER,
    outcome TEXT
  ) WITHOUT ROWID;
  CREATE INDEX commands_queued ON commands (created_at) WHERE status = 'queued';
  CREATE TABLE idempotency (
    idempotency_key TEXT PRIMARY KEY,
    body_hash TEXT NOT NULL,
    id_command TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE subscriptions (
    id_subscription TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    configured_version INTEGER NOT NULL,
    start_after INTEGER NOT NULL,
    config TEXT
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE commands ADD COLUMN delivery TEXT;
  ALTER TABLE commands ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE contacts (
    jid TEXT PRIMARY KEY,
    lid TEXT,
    name TEXT,
    saved_name TEXT,
    told INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX contacts_lid ON contacts (lid) WHERE lid <> jid;
  `,
  `
  CREATE TABLE pace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    spent_until REAL NOT NULL
  );
  `,
  `
  CREATE TABLE recipients (
    number TEXT PRIMARY KEY,
    jid TEXT,
    asked_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE lost_files (
    id_file TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    error TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  DROP TABLE event_ids_0;
  DROP TABLE event_ids_1;
  CREATE TABLE event_index (last INTEGER PRIMARY KEY, at INTEGER NOT NULL, hashes BLOB NOT NULL);
  `,
  'ALTER TABLE log RENAME TO log_0',
] as const
