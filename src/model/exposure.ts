/** What is wrong with a thing that must be private, and what to do. */
export interface Exposure {
  readonly why: string;
  readonly fix: string;
}
