import { createInterface } from 'node:readline/promises';
import type { Terminal } from './commands/terminal';
import { escapeControls, escapeLines } from './model/escape';

/** How often a progress line is written where nothing can be shown in place. */
const PLAIN_EVERY_MS = 5000;
const CLEAR = '\r\x1b[K';

/** This process's own standard streams. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const status = statusLine(stderr);
  return {
    say: (line) => {
      status.around(() => stdout.write(`${escapeLines(line)}\n`));
    },
    complain: (line) => {
      status.around(() => stderr.write(`${escapeLines(line)}\n`));
    },
    columns: stdout.isTTY ? stdout.columns : null,
    isColoured: stdout.isTTY && stdout.hasColors(),
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
