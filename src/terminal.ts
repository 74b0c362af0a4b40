import { createInterface } from 'node:readline/promises';
import type { Colour, Terminal } from './commands/terminal';
import { escapeControls, escapeLines } from './model/escape';

/** How often a progress line is written where nothing can be shown in place. */
const PLAIN_EVERY_MS = 5000;
const CLEAR = '\r\x1b[K';

/** This process's own standard streams. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const status = statusLine(stderr);
  // It also asks for NO_COLOR and TERM=dumb.
  const isColoured = stdout.isTTY && stdout.hasColors();
  return {
    say: (line, colour) => {
      const text = escapeLines(line);
      const shown = colour !== undefined && isColoured ? text.replace(/^\S+/, painted(colour)) : text;
      status.around(() => stdout.write(`${shown}\n`));
    },
    hand: (value) => {
      status.around(() => stdout.write(`${value}\n`));
    },
    complain: (line) => {
      status.around(() => stderr.write(`${escapeLines(line)}\n`));
    },
    columns: stdout.isTTY ? stdout.columns : null,
    canAsk: stdin.isTTY && stderr.isTTY,
    ask: async (question) => {
      status.show('');
      return stdin.isTTY && stderr.isTTY ? answerTo(question) : null;
    },
    progress: (text) => {
      status.show(escapeControls(text));
    },
  };
}

const SEQUENCES: Readonly<Record<Colour, string>> = { green: '\x1b[32m', yellow: '\x1b[33m', red: '\x1b[31m' };

function painted(colour: Colour): (word: string) => string {
  return (word) => `${SEQUENCES[colour]}${word}\x1b[0m`;
}

/** Ctrl-C and the end of the input are no answer. */
async function answerTo(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => {
        resolve(null);
      });
      lines.question(question).then(resolve, () => {
        resolve(null);
      });
    });
  } finally {
    lines.close();
  }
}

interface StatusLine {
  show(text: string): void;
  /** Writes something above the line. */
  around(write: () => void): void;
}

function statusLine(stream: NodeJS.WriteStream): StatusLine {
  let shown = '';
  let writtenAt = Date.now();
  return {
    show: (text) => {
      if (stream.isTTY) {
        const fit = text.slice(0, Math.max(0, stream.columns - 1));
        if (shown !== fit) stream.write(`${CLEAR}${fit}`);
        shown = fit;
      } else if (text !== '' && Date.now() - writtenAt >= PLAIN_EVERY_MS) {
        writtenAt = Date.now();
        stream.write(`${text}\n`);
      }
    },
    around: (write) => {
      if (shown !== '') stream.write(CLEAR);
      write();
      if (shown !== '') stream.write(shown);
    },
  };
}
