/** The tables of a `Dispatcher`; `docs/storage.md` tells what bounds each. */
export const dispatcherMigrations = [
  `
  CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    settings TEXT NOT NULL
  );
  CREATE TABLE control (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    control TEXT NOT NULL
  );
  CREATE TABLE batches (
    slot INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    open TEXT NOT NULL,
    at INTEGER NOT NULL,
    delivered TEXT NOT NULL
  );
  CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    sequence INTEGER,
    id_event TEXT,
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    since INTEGER NOT NULL,
    is_told INTEGER NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    history TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE dead (
    sequence INTEGER PRIMARY KEY,
    id_event TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    history TEXT NOT NULL
  );
  CREATE TABLE missed (
    id INTEGER PRIMARY KEY,
    after INTEGER NOT NULL,
    through INTEGER NOT NULL,
    lane TEXT
  );
  CREATE TABLE notices (
    id_event TEXT PRIMARY KEY,
    draft TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
] as const
