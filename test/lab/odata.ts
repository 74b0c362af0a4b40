import { isRecord, type Row, type Scalar, type Table } from './odatarow';

/** Why a query could not be answered, with the status the real API gives in that case. */
export class QueryError extends Error {
  public constructor(
    public readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export type Binds = readonly (readonly [string, unknown])[] &
  Readonly<Record<`@${string}`, readonly [string, unknown]>>;
type Value = Scalar | readonly Value[];

interface Scope {
  readonly row: Row;
  readonly variables: ReadonlyMap<string, Row>;
  readonly binds: Binds;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Evaluates a `$filter` tree of @balena/odata-parser over one row. An unknown shape or name throws a `QueryError`. */
export function matches(filter: unknown, row: Row, binds: Binds, options: Readonly<Record<string, unknown>>): boolean {
  return truth(filter, { row, variables: new Map(), binds, options });
}

function truth(node: unknown, scope: Scope): boolean {
  if (Array.isArray(node)) return operation(node, scope);
  const last = isRecord(node) ? lambdaOf(node, scope) : null;
  if (last !== null) return last;
  return valueOf(node, scope) === true;
}

function operation(node: readonly unknown[], scope: Scope): boolean {
  const [operator, ...args] = node;
  switch (operator) {
    case 'and':
      return args.every((arg) => truth(arg, scope));
    case 'or':
      return args.some((arg) => truth(arg, scope));
    case 'not':
      return !truth(args[0], scope);
    case 'call':
      return call(args[0], scope);
    default:
      return compare(operator, valueOf(args[0], scope), valueOf(args[1], scope));
  }
}

function call(node: unknown, scope: Scope): boolean {
  const args: readonly unknown[] = isRecord(node) && Array.isArray(node['args']) ? node['args'] : [];
  const [text, part] = args.map((arg) => valueOf(arg, scope));
  if (!isRecord(node) || typeof text !== 'string' || typeof part !== 'string') throw new QueryError(400, 'bad call');
  switch (node['method']) {
    case 'startswith':
      return text.startsWith(part);
    case 'contains':
      return text.includes(part);
    default:
      throw new QueryError(400, `function ${String(node['method'])} is not known here`);
  }
}

function compare(operator: unknown, left: Value, right: Value): boolean {
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'in':
    case 'eqany':
      return Array.isArray(right) && right.includes(left);
    default:
      return compareOrder(operator, left, right);
  }
}

function compareOrder(operator: unknown, left: Value, right: Value): boolean {
  const sign = orderOf(left, right);
  switch (operator) {
    case 'gt':
      return sign > 0;
    case 'ge':
      return sign >= 0;
    case 'lt':
      return sign < 0;
    case 'le':
      return sign <= 0;
    default:
      throw new QueryError(400, `operator ${String(operator)} is not known here`);
  }
}

/** Negative, zero or positive; NaN (every comparison false) for values that have no order. */
export function orderOf(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  return Number.NaN;
}

function valueOf(node: unknown, scope: Scope): Value {
  if (node === null || typeof node !== 'object') return scalar(node);
  if (!isRecord(node)) throw new QueryError(400, 'a nested expression is not known here');
  if ('bind' in node) return bound(node['bind'], scope);
  const { row, rest } = start(node, scope);
  return pathValue(rest, row);
}

function bound(key: unknown, scope: Scope): Value {
  const bind = typeof key === 'number' ? scope.binds[key] : scope.options[String(key)];
  if (!Array.isArray(bind)) throw new QueryError(400, `parameter ${String(key)} has no value`);
  const value: unknown = bind[1];
  return bind[0] === 'List' && Array.isArray(value) ? value.map(listItem) : scalar(value);
}

function listItem(item: unknown): Scalar {
  return scalar(Array.isArray(item) ? item[1] : item);
}

function scalar(value: unknown): Scalar {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new QueryError(400, 'a value of this type is not known here');
}

/** Where a path begins: at a lambda's variable, else at the row itself. */
function start(node: Readonly<Record<string, unknown>>, scope: Scope): { row: Row; rest: unknown } {
  const variable = scope.variables.get(String(node['name']));
  return variable === undefined ? { row: scope.row, rest: node } : { row: variable, rest: node['property'] };
}

function pathValue(path: unknown, row: Row): Value {
  if (!isRecord(path)) throw new QueryError(400, 'a path names no property');
  const name = String(path['name']);
  const link = row.links[name];
  if (link === undefined) return fieldOf(row, name);
  if (path['count'] === true) return link.rows.length;
  const next = link.rows[0];
  if (path['property'] === undefined) return link.many ? null : (next?.fields['id'] ?? null);
  return next === undefined ? null : pathValue(path['property'], next);
}

/** The value of a field; asking for a field that only balenaCloud has is a 500, as on openBalena. */
export function fieldOf(row: Row, name: string): Scalar {
  const value = row.fields[name];
  if (value !== undefined) return value;
  const cloudOnly = ['is_active', 'is_frozen', 'location', 'latitude', 'longitude'].includes(name);
  throw new QueryError(cloudOnly ? 500 : 400, `no such field: ${name}`);
}

/** The truth of a path that ends in `any(...)` or `all(...)`, or null for a path that does not. */
function lambdaOf(node: Readonly<Record<string, unknown>>, scope: Scope): boolean | null {
  if (!('name' in node)) return null;
  const { row, rest } = start(node, scope);
  return lambdaAt(rest, row, scope);
}

function lambdaAt(path: unknown, row: Row, scope: Scope): boolean | null {
  if (!isRecord(path)) return null;
  const link = row.links[String(path['name'])];
  if (link === undefined) return null;
  const lambda = path['lambda'];
  if (isRecord(lambda)) return overRows(lambda, link, scope);
  const next = link.rows[0];
  if (path['property'] === undefined) return null;
  return next === undefined ? false : lambdaAt(path['property'], next, scope);
}

function overRows(lambda: Readonly<Record<string, unknown>>, link: Table, scope: Scope): boolean {
  const holds = (row: Row): boolean => {
    const variables = new Map(scope.variables).set(String(lambda['identifier']), row);
    return truth(lambda['expression'], { ...scope, variables });
  };
  return lambda['method'] === 'all' ? link.rows.every(holds) : link.rows.some(holds);
}
