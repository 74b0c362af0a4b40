import type { Instant } from './brand';

/** What a run is for: an instant of the schedule, a token in `backupRequest`, or a person's command. */
export type Slot =
  | { readonly kind: 'schedule'; readonly at: Instant }
  | { readonly kind: 'request'; readonly token: string }
  | { readonly kind: 'manual'; readonly at: Instant };

/** The slot as labels, the ledger and the log write it: an ISO instant, `request:<token>` or `manual:<ISO instant>`. */
export function slotText(slot: Slot): string {
  switch (slot.kind) {
    case 'schedule':
      return new Date(slot.at).toISOString();
    case 'request':
      return `request:${slot.token}`;
    case 'manual':
      return `manual:${new Date(slot.at).toISOString()}`;
  }
}
