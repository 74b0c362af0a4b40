export type Scalar = string | number | boolean | null;

/** The rows that a link leads to; a to-one link has none or one. */
export interface Table {
  readonly many: boolean;
  readonly rows: readonly Row[];
}

/** One row of a resource. `links` may be getters: two tables can lead to each other. */
export interface Row {
  readonly fields: Readonly<Record<string, Scalar>>;
  readonly links: Readonly<Record<string, Table>>;
}

/** Whether the value is a plain record that may be read by key. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
