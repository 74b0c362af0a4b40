import { parse } from '@balena/odata-parser';
import { type Binds, fieldOf, matches, orderOf, QueryError } from './odata';
import { isRecord, type Row } from './odatarow';

type Options = Readonly<Record<string, unknown>>;
type Shown = Readonly<Record<string, unknown>>;

export interface Query {
  readonly resource: string;
  /** The rows of the resource that the key and the options ask for, in order and cut to `$skip` and `$top`. */
  readonly pick: (rows: readonly Row[]) => readonly Row[];
  /** What the API answers: `{d: [...]}`, or `{d: number}` for `/$count`. */
  readonly answer: (rows: readonly Row[]) => { readonly d: readonly Shown[] | number };
}

/** Reads the part of a URL behind `/v7`. A URL that is not OData throws a `QueryError` of status 400. */
export function parseQuery(url: string): Query {
  const { tree, binds } = parsed(url);
  const options: Options = isRecord(tree['options']) ? tree['options'] : {};
  const pick = (rows: readonly Row[]): readonly Row[] => {
    const found = rows.filter((row) => keyMatches(tree['key'], row, binds) && filterMatches(options, row, binds));
    return page(sorted(found, options), options, binds);
  };
  return {
    resource: String(tree['resource']),
    pick,
    answer: (rows) => ({
      d: tree['count'] === true ? pick(rows).length : pick(rows).map((row) => shown(row, options, binds)),
    }),
  };
}

function parsed(url: string): { readonly tree: Options; readonly binds: Binds } {
  try {
    const { tree, binds } = parse(url, { startRule: 'Process' });
    const record: unknown = tree;
    if (isRecord(record)) return { tree: record, binds };
  } catch (cause) {
    throw Object.assign(new QueryError(400, 'not an OData query'), { cause });
  }
  throw new QueryError(400, 'not an OData query');
}

function keyMatches(key: unknown, row: Row, binds: Binds): boolean {
  if (key === undefined) return true;
  if (!isRecord(key)) return false;
  if ('bind' in key) return row.fields['id'] === constant(key, binds);
  return Object.entries(key).every(([name, value]) => fieldOf(row, name) === constant(value, binds));
}

function filterMatches(options: Options, row: Row, binds: Binds): boolean {
  const filter = options['$filter'];
  return filter === undefined || matches(filter, row, binds, options);
}

function constant(node: unknown, binds: Binds): unknown {
  const key = isRecord(node) ? node['bind'] : undefined;
  return typeof key === 'number' ? binds[key]?.[1] : node;
}

function sorted(rows: readonly Row[], options: Options): readonly Row[] {
  const keys = properties(options['$orderby']);
  const ordered = (left: Row, right: Row): number => {
    for (const key of keys) {
      const name = String(key['name']);
      const sign = orderOf(fieldOf(left, name), fieldOf(right, name));
      if (sign !== 0) return key['order'] === 'desc' ? -sign : sign;
    }
    return 0;
  };
  return [...rows].sort(ordered);
}

function page(rows: readonly Row[], options: Options, binds: Binds): readonly Row[] {
  const skip = Number(constant(options['$skip'] ?? 0, binds));
  const top = Number(constant(options['$top'] ?? rows.length, binds));
  return rows.slice(skip, skip + top);
}

function properties(option: unknown): readonly Options[] {
  const list = isRecord(option) ? option['properties'] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** The row as JSON: the selected fields, expanded links as arrays, other to-one links as `{__id}`. */
function shown(row: Row, options: Options, binds: Binds): Shown {
  const names = properties(options['$select']).map((property) => String(property['name']));
  const plain =
    names.length === 0 ? all(row) : Object.fromEntries(names.map((name) => [name, deferredOrField(row, name)]));
  const expanded = properties(options['$expand']).map(
    (property) => [String(property['name']), expand(row, property, binds)] as const,
  );
  const links = Object.fromEntries<unknown>(expanded);
  return { ...plain, ...links };
}

function all(row: Row): Shown {
  const single = Object.keys(row.links).filter((name) => row.links[name]?.many === false);
  return { ...row.fields, ...Object.fromEntries(single.map((name) => [name, deferredOrField(row, name)])) };
}

function deferredOrField(row: Row, name: string): unknown {
  const link = row.links[name];
  if (link === undefined) return fieldOf(row, name);
  if (link.many) throw new QueryError(400, `${name} must be expanded, not selected`);
  const target = link.rows[0];
  return target === undefined ? null : { __id: target.fields['id'] };
}

function expand(row: Row, property: Options, binds: Binds): readonly Shown[] {
  const link = row.links[String(property['name'])];
  if (link === undefined) throw new QueryError(400, `no such link: ${String(property['name'])}`);
  const options = isRecord(property['options']) ? property['options'] : {};
  const found = link.rows.filter((target) => filterMatches(options, target, binds));
  return page(sorted(found, options), options, binds).map((target) => shown(target, options, binds));
}
