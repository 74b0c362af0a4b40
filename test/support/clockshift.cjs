'use strict';

// Loaded before the controller (`NODE_OPTIONS=--require`): its wall clock is wrong by the milliseconds in the file that
// CLOCK_SHIFT_FILE names, as after a step of the machine's clock. Timers go on in true time, as they do there.
const { readFileSync } = require('node:fs');

const file = process.env.CLOCK_SHIFT_FILE;
const TrueDate = Date;

function shift() {
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

globalThis.Date = class extends TrueDate {
  constructor(...args) {
    if (args.length === 0) super(TrueDate.now() + shift());
    else super(...args);
  }

  static now() {
    return TrueDate.now() + shift();
  }
};
