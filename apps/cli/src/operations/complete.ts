/** `reel complete bash|zsh|fish`: the shell's completion, made from the commands themselves. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const help = `
Examples:
  $ source <(reel complete bash)
  $ reel complete zsh > "\${fpath[1]}/_reel"
  $ reel complete fish > ~/.config/fish/completions/reel.fish
`;

/** Must be registered last: it looks at what is there. */
export function register(program: Command): void {
  tab(program);
  program.commands
    .find((command) => command.name() === 'complete')
    ?.description('completion for bash, zsh and fish')
    .addHelpText('after', help);
}
