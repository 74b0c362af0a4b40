import type { DatabaseSync, StatementSync } from 'node:sqlite';

const known = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** The statement, compiled once for each open ledger: compiling takes longer than most of ours take to run. */
export function statement(database: DatabaseSync, sql: string): StatementSync {
  const statements = known.get(database) ?? new Map<string, StatementSync>();
  known.set(database, statements);
  const compiled = statements.get(sql) ?? database.prepare(sql);
  statements.set(sql, compiled);
  return compiled;
}
