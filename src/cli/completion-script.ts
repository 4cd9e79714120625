// Owns the scripts that teach a shell to complete drover. Each asks `drover __complete` and shows
// what that prints, so that the scripts never have to change with the commands.

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * `drover __complete` gets the words before the cursor and the one under it, and prints one
 * candidate a line, with a tab before its description. The single line `:files` stands for the
 * names of files.
 */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return FISH;
  }
}

// COMP_WORDBREAKS holds `:` and `=` but no slash, so that campaign/name stays one word.
const BASH = `# drover completion for bash
_drover() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ "$line" == ":files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(drover __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _drover drover
`;

const ZSH = `#compdef drover
# drover completion for zsh
_drover() {
  local -a candidates lines
  local line
  lines=("\${(@f)$(drover __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    if [[ "$line" == ":files" ]]; then
      _files
    elif [[ "$line" == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n "$line" ]]; then
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  (( \${#candidates} )) && _describe 'drover' candidates
}
if [[ "$funcstack[1]" = "_drover" ]]; then
  _drover "$@"
else
  compdef _drover drover
fi
`;

const FISH = `# drover completion for fish
function __drover_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (drover __complete -- $words[2..] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            printf '%s\\n' $line
        end
    end
end
complete -c drover -f -a '(__drover_complete)'
`;
