/** `bbstate completion [bash|zsh]`: a script that completes commands and options. */
import { commands } from '../../host/options.js'
import { UsageError } from '../../model/errors.js'
import type { Command } from '../call.js'

export const run: Command = async ({ face, argument, world }) => {
  const shell = argument ?? (world.environment['SHELL']?.endsWith('zsh') === true ? 'zsh' : 'bash')
  if (shell !== 'bash' && shell !== 'zsh') {
    throw new UsageError(`There is no completion for ${shell}`, { hint: 'Ask for bash or zsh.' })
  }
  face.print(shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script()}` : script())
  return 0
}

/** One script serves both shells: zsh understands it through bashcompinit. Nothing is started at a TAB. */
function script(): string {
  const words = [...new Set(commands.map(({ name }) => name.split(' ')[0]))].join(' ')
  const actions = commands.filter(({ name }) => name.startsWith('auth ')).map(({ name }) => name.slice(5))
  const cases = commands.map(({ name, options }) => {
    const flags = options.map((option) => `--${option.name}`).join(' ')
    return `    '${name}') words="${flags}" ;;`
  })
  return `# bbstate completion: source <(bbstate completion)
_bbstate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${words}"
  elif [ "$command" = auth ] && [ "$COMP_CWORD" -eq 2 ]; then
    words="${actions.join(' ')}"
  else
    [ "$command" = auth ] && command="auth \${COMP_WORDS[2]}"
    case "$command" in
${cases.join('\n')}
    esac
    case "$current" in -*) ;; *) words="" ;; esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi
}
complete -o default -F _bbstate bbstate
`
}
