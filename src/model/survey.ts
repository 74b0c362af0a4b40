import * as t from 'io-ts';

const names = t.readonlyArray(t.string);

/** A volume in a snapshot, or the one path in it that was asked for. */
const Content = t.readonly(
  t.type({
    /** Its path in the snapshot. */
    name: t.string,
    /** Files, folders and links, itself included. */
    entries: t.number,
    /** About; null where it could not be told. */
    bytes: t.union([t.number, t.null]),
  }),
);

const UndoCopy = t.readonly(
  t.type({ at: t.string, snapshotAt: t.string, items: names, volumes: names, bytes: t.number }),
);

/** What there is to restore, and what a restore would meet on the device. Times as Duplicity writes them. */
export const Survey = t.readonly(
  t.type({
    /** Of the whole sets at the target, oldest first. */
    sets: names,
    /** The set that was asked for; null where there is none, or none was asked for. */
    snapshotAt: t.union([t.string, t.null]),
    contents: t.readonlyArray(Content),
    /** The volumes of the fleet on the device, those with a driver or options of their own, and those on another disk. */
    volumes: names,
    special: names,
    otherDisk: names,
    /** What is up and uses them; `locked`: it asks not to be stopped now. */
    services: t.readonlyArray(t.readonly(t.type({ name: t.string, volumes: names, locked: t.boolean }))),
    freeBytes: t.number,
    diskBytes: t.number,
    undo: t.union([UndoCopy, t.null]),
  }),
  'Survey',
);
export type Survey = t.TypeOf<typeof Survey>;

/** How a restore ended that did what it was for. */
export const Restored = t.readonly(
  t.type({
    kind: t.keyof({ restore: null, undo: null, 'in-place': null }),
    snapshotAt: t.string,
    /** Volumes and paths in them. */
    items: names,
    entries: t.number,
    bytes: t.number,
    /** What was stopped and started again. */
    services: names,
    /** What became of the old content. */
    undo: t.keyof({ kept: null, 'no-room': null, none: null }),
  }),
  'Restored',
);
export type Restored = t.TypeOf<typeof Restored>;
