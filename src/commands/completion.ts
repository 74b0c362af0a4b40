import type { Terminal } from './terminal';
import { type CommandInfo, COMMANDS } from './table';

type Shell = 'bash' | 'zsh' | 'fish';

export interface CompletionTools {
  /** What a person may type for each device that the ledger knows. */
  readonly devices: () => readonly string[];
  readonly terminal: Pick<Terminal, 'say' | 'complain'>;
}

/** Says the script that teaches a shell our commands, or, for those scripts themselves, the devices. Gives the exit code. */
export function completion(word: string, { devices, terminal }: CompletionTools): number {
  if (word === 'devices') {
    for (const device of devices()) terminal.say(device);
    return 0;
  }
  if (!isShell(word)) {
    terminal.complain(`"completion" knows the shells bash, zsh and fish. For example: balena-backup completion bash`);
    return 2;
  }
  terminal.say(SCRIPTS[word]());
  return 0;
}

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

function isShell(word: string): word is Shell {
  return word in SCRIPTS;
}

/** What a command takes, for all shells. */
interface Row {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
  readonly takesDevice: boolean;
}

function rows(): readonly Row[] {
  return COMMANDS.map(({ name, summary, usage, flags = [], values = [] }: CommandInfo) => ({
    name,
    summary,
    options: [...flags, ...values, 'help'].map((option) => `--${option}`),
    takesDevice: usage.includes('UUID'),
  }));
}

// Device names are other people's texts: they are compared and quoted, and never evaluated as the words of `compgen -W` would be.
function bashScript(): string {
  return `# Put this line into ~/.bashrc:  eval "$(balena-backup completion bash)"
_balena_backup() {
  local word=\${COMP_WORDS[COMP_CWORD]} device options='' devices=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${rows()
      .map(({ name }) => name)
      .join(' ')}' -- "$word"))
    return
  fi
  if [ "\${COMP_WORDS[COMP_CWORD-1]}" = --output ]; then
    COMPREPLY=($(compgen -W 'json' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${rows()
  .map(
    ({ name, options, takesDevice }) =>
      `    ${name}) options='${options.join(' ')}'${takesDevice ? ' devices=yes' : ''} ;;`,
  )
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$options" -- "$word"))
  if [ "\${COMP_WORDS[1]}" = completion ]; then COMPREPLY+=($(compgen -W 'bash zsh fish' -- "$word")); fi
  [ -n "$devices" ] || return 0
  while IFS= read -r device; do
    printf -v device '%q' "$device"
    case $device in "$word"*) COMPREPLY+=("$device") ;; esac
  done < <(balena-backup completion devices 2>/dev/null)
}
complete -F _balena_backup balena-backup`;
}

function zshScript(): string {
  return `#compdef balena-backup
# Put this line into ~/.zshrc, after compinit:  eval "$(balena-backup completion zsh)"
_balena_backup() {
  local -a commands options
  commands=(
${rows()
  .map(({ name, summary }) => `    ${zshWord(`${name}:${summary}`)}`)
  .join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ \${words[CURRENT-1]} == --output ]]; then
    compadd json
    return
  fi
  case \${words[2]} in
${rows()
  .map(
    ({ name, options, takesDevice }) =>
      `    ${name}) options=(${options.join(' ')})${takesDevice ? ZSH_DEVICES : ''} ;;`,
  )
  .join('\n')}
  esac
  [[ \${words[2]} == completion ]] && compadd bash zsh fish
  compadd -- $options
}
compdef _balena_backup balena-backup`;
}

const ZSH_DEVICES = '; compadd -- ${(f)"$(balena-backup completion devices 2>/dev/null)"}';

function zshWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishScript(): string {
  const all = rows();
  const lines = all.flatMap(({ name, summary, options, takesDevice }) => [
    `complete -c balena-backup -n __fish_use_subcommand -a ${name} -d ${fishWord(summary)}`,
    ...options.map(
      (option) => `${FISH_IN} ${name}' -l ${option.slice(2)}${option === '--output' ? ' -x -a json' : ''}`,
    ),
    ...(takesDevice ? [`${FISH_IN} ${name}' -a '(balena-backup completion devices 2>/dev/null)'`] : []),
  ]);
  return [
    '# Put this line into ~/.config/fish/config.fish:  balena-backup completion fish | source',
    'complete -c balena-backup -f',
    ...lines,
    `${FISH_IN} completion' -a 'bash zsh fish'`,
  ].join('\n');
}

const FISH_IN = "complete -c balena-backup -n '__fish_seen_subcommand_from";

function fishWord(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
