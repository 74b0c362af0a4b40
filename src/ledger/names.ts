import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { againIfMoved, ledgerPath, openReadOnly } from './database';

/**
 * What a person may type for each device that the ledger knows: its name, or its UUID where the name is another one's too or
 * is not fit to be typed. For shells, at once: nothing else of the ledger is read. Empty where there is none that can be read.
 */
export function typedNames(stateDir: string): readonly string[] {
  const path = ledgerPath(stateDir);
  if (!existsSync(path)) return [];
  try {
    return againIfMoved(() => {
      const ledger = openReadOnly(path);
      try {
        return namesIn(ledger);
      } finally {
        ledger.close();
      }
    });
  } catch {
    return [];
  }
}

function namesIn(ledger: DatabaseSync): readonly string[] {
  const rows = ledger.prepare('SELECT uuid, name FROM device ORDER BY name, uuid').all();
  const named = rows.map((row) => ({ uuid: String(row['uuid']), name: String(row['name']) }));
  const times = new Map<string, number>();
  for (const { name } of named) times.set(name, (times.get(name) ?? 0) + 1);
  return named.map(({ uuid, name }) => (times.get(name) === 1 && isTypable(name) ? name : uuid));
}

function isTypable(name: string): boolean {
  return (
    name.trim() === name && name !== '' && !name.startsWith('-') && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)
  );
}
