/** Ends an exhaustive switch: a union member without a case does not compile. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected member of a union: ${JSON.stringify(value)}`);
}
