#compdef tartfleet
# tartfleet completion for zsh: source <(tartfleet completion zsh), or as a file _tartfleet in a folder of $fpath
#
# tartfleet __complete is told the words, of which the last is being typed, and says a candidate a line
# (value, tab, description), or :files.
_tartfleet() {
  local line value
  local -a lines described
  lines=("${(@f)$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  for line in "${lines[@]}"; do
    if [[ $line == ":files" ]]; then
      _files
    elif [[ -n $line ]]; then
      value="${line%%$'\t'*}"
      described+=("${value//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#described )) && _describe -V tartfleet described
}
if [[ $funcstack[1] == _tartfleet ]]; then
  _tartfleet "$@"
else
  compdef _tartfleet tartfleet
fi
