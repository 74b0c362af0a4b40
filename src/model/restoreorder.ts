/** A volume, or a path in one, and where it is in the snapshot. */
export interface RestoreItem {
  readonly volume: string;
  /** Below the volume's root; null: the whole volume. */
  readonly path: string | null;
  readonly member: string;
}

/** What a restore is to do; times as Duplicity names sets. */
export type RestoreOrder =
  | {
      /** `in-place`: over what is there, without a copy beside it. */
      readonly kind: 'restore' | 'in-place';
      readonly snapshotAt: string;
      readonly items: readonly RestoreItem[];
      /** Whether the former undo copy goes first, for the room it takes. */
      readonly dropsUndo: boolean;
      /** Fewer free bytes than that end it before anything was changed. */
      readonly roomBytes: number;
    }
  | { readonly kind: 'undo' };

/** What a survey is asked. */
export interface SurveyQuestion {
  /** The time that a set must not be later than; null: any. */
  readonly at: string | null;
  /** The one path that is wanted, `VOLUME/PATH`. */
  readonly member: string | null;
  /** Whether the target is looked at, or the device alone. */
  readonly asksTarget: boolean;
}

/** A volume, or a path in it, for people. */
export function itemText({ volume, path }: Pick<RestoreItem, 'volume' | 'path'>): string {
  return path === null ? volume : `${volume}/${path}`;
}
