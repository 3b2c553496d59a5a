/** The tables of the `Fleet`; `docs/storage.md` tells what bounds each. */
export const fleetMigrations = [
  `
  CREATE TABLE tenants (
    position INTEGER PRIMARY KEY,
    id_tenant TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE assignments (
    id_object TEXT PRIMARY KEY,
    id_tenant TEXT NOT NULL,
    id_session TEXT NOT NULL,
    id_connector TEXT
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE counts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    counts TEXT NOT NULL
  );
  `,
  `
  CREATE TABLE master_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL
  );
  `,
] as const
