import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NONCE } from './backupscript';
import { CANARY } from './hostile';

export interface Played {
  /** The words that the engine got for its `run`. */
  readonly run: readonly string[];
  /** The words that Duplicity got for its first command. */
  readonly duplicity: readonly string[];
  readonly wasInjected: boolean;
  /** All that the script on the device has said itself. */
  readonly told: string;
  /** All that the container's script has said. */
  readonly said: string;
}

/** Takes down its words, one after the other with NUL between them, and what it is to do. */
const ENGINE = `#!/bin/sh
if [ -e "$STAGE/engine" ]; then . "$STAGE/engine"; fi
case "$1 $2" in
  'volume ls') printf '%s\\n' 1234_data 1234_any 1234_other '1234_$(touch ${CANARY})' ; exit 0 ;;
  'info --format' | 'version ' | 'image inspect' | 'pull --quiet') echo true; exit 0 ;;
esac
if [ "$1" = run ]; then
  printf '%s\\0' "$@" >"$PLAYED/run"
  cp "$STAGE"/run/*/run.sh "$PLAYED/run.sh"
fi
exit 1
`;
const DUPLICITY = `#!/bin/sh
if [ "$1" = --version ]; then echo 'duplicity 3.0.4'; exit 0; fi
if [ ! -e "$PLAYED/duplicity" ]; then printf '%s\\0' "$@" >"$PLAYED/duplicity"; fi
for word in "$@"; do case $word in --log-file=*) cp "$STAGE/record" "\${word#*=}" 2>/dev/null ;; esac; done
cat "$STAGE/says" 2>/dev/null
if [ -e "$STAGE/hangs" ]; then sleep 60; fi
exit "$(cat "$STAGE/code" 2>/dev/null || echo 1)"
`;

/** As BusyBox has it, on balenaOS and in Alpine: the classes of what can be printed are letters like others to it. */
const TR = `#!/bin/sh
for word in "$@"; do
  shift
  case $word in '[:print:]' | '[:graph:]') word='][:printgah' ;; esac
  set -- "$@" "$word"
done
exec /usr/bin/tr "$@"
`;

/** Gives the file that has the traffic so far: each time that it is looked at there is some more. */
const TRAFFIC = `#!/bin/sh
more=$(cat "$STAGE/talks" 2>/dev/null) || exit 0
bytes=$(($(cat "$STAGE/bytes" 2>/dev/null || echo 0) + more))
echo "$bytes" >"$STAGE/bytes"
echo " eth0: $bytes 0 0 0 0 0 0 0 0 0" >"$STAGE/network"
echo "$STAGE/network"
`;

/** A machine without an engine or Duplicity, but with programs of their names: device scripts can be run for real. */
export class StubbedHost {
  /** Of the fleet 1234. */
  public static readonly volumes: readonly string[] = ['any', 'data', 'other'];
  readonly #stage = mkdtempSync(join(tmpdir(), 'stubbed-host-'));
  #count = 0;

  public constructor() {
    const bin = join(this.#stage, 'bin');
    mkdirSync(bin);
    for (const [name, text] of Object.entries({
      'balena-engine': ENGINE,
      duplicity: DUPLICITY,
      gpg: '#!/bin/sh\nexit 0\n',
      tr: TR,
      traffic: TRAFFIC,
    })) {
      writeFileSync(join(bin, name), text, { mode: 0o755 });
    }
    for (const name of ['volumes/data', 'archive', 'gnupg']) mkdirSync(join(this.#stage, name), { recursive: true });
  }

  /** Runs a device script to its end, and what it would run in the container after it. */
  public play(script: string): Played {
    this.#count += 1;
    const played = join(this.#stage, `played${String(this.#count)}`);
    mkdirSync(played);
    const told = this.#sh(this.#at(script), played);
    rmSync(join(this.#stage, 'run', NONCE), { recursive: true, force: true });
    const inside = join(played, 'run.sh');
    const said = existsSync(inside) ? this.#sh(readFileSync(inside, 'utf8'), played) : '';
    return {
      run: wordsIn(join(played, 'run')),
      duplicity: wordsIn(join(played, 'duplicity')),
      told,
      said,
      wasInjected: [played, this.#stage].some((folder) => existsSync(join(folder, CANARY))),
    };
  }

  /** Duplicity's output from now on. */
  public say(text: string): void {
    writeFileSync(join(this.#stage, 'says'), text);
  }

  /** So many bytes come and go in the container's network between two looks at it. */
  public talk(bytes: number): void {
    writeFileSync(join(this.#stage, 'talks'), String(bytes));
  }

  /** A file of the volume that GnuPG has its home in. */
  public gnupg(name: string): string {
    return join(this.#stage, 'gnupg', name);
  }

  /** What the engine does from now on before anything else, in a shell that has the words of its call. */
  public engineDoes(script: string): void {
    writeFileSync(join(this.#stage, 'engine'), script);
  }

  /** Duplicity ends in this way from now on, and its log holds the record. */
  public failBy(code: number, record: string): void {
    writeFileSync(join(this.#stage, 'code'), String(code));
    writeFileSync(join(this.#stage, 'record'), record);
  }

  /** Duplicity does not end by itself from now on. */
  public hang(record: string): void {
    this.failBy(0, record);
    writeFileSync(join(this.#stage, 'hangs'), '');
  }

  public remove(): void {
    rmSync(this.#stage, { recursive: true, force: true });
  }

  /** With paths of this stage's own, which a shell reads as one word wherever they stand, and no network in which others talk. */
  #at(script: string): string {
    return script
      .replaceAll('/run/balena-backup/$NONCE', '$STAGE/run/$NONCE')
      .replaceAll(/(find|mkdir -p) \/run\/balena-backup\b/g, '$1 "$STAGE/run"')
      .replaceAll('WORK=/tmp/balena-backup', 'WORK="$STAGE/work"')
      .replaceAll('/dev/shm/balena-backup', '$STAGE/secrets')
      .replaceAll('/volumes/*/', '$STAGE/volumes/*/')
      .replaceAll('chmod 0700 /archive /gnupg', ':')
      .replaceAll('(sleep 120; rm -rf "$DIR")', ':')
      .replaceAll('sleep 120', ':')
      .replaceAll('sleep 60; kill -KILL "$asked"', 'sleep 1; kill -KILL "$asked"')
      .replaceAll('/proc/net/dev', '"$(traffic)"')
      .replaceAll('GNUPGHOME=/gnupg', 'GNUPGHOME="$STAGE/gnupg"')
      .replaceAll('sleep 5', 'sleep 0.5');
  }

  #sh(script: string, played: string): string {
    const env = { PATH: `${join(this.#stage, 'bin')}:/usr/bin:/bin`, STAGE: this.#stage, PLAYED: played };
    const options = { input: script, cwd: played, env, encoding: 'utf8', timeout: 20_000 } as const;
    const { stdout, error } = spawnSync('sh', ['-s'], options);
    if (error !== undefined) throw error;
    return stdout;
  }
}

function wordsIn(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0').slice(0, -1) : [];
}
