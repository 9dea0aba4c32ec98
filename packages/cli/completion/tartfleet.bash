# tartfleet completion for bash: source <(tartfleet completion bash)
#
# tartfleet __complete is told the words, of which the last is being typed, and says a candidate a line
# (value, tab, description), or :files. bash cuts words at : and =, too, and replaces what is after the last of them.
_tartfleet() {
  local typed="${COMP_LINE:0:COMP_POINT}" current prefix line value
  local -a words
  read -ra words <<<"$typed"
  [[ $typed == *[[:space:]] ]] && words+=("")
  current="${words[${#words[@]} - 1]}"
  prefix="${current%"${current##*[:=]}"}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o default
      continue
    fi
    value="${line%%$'\t'*}"
    [[ $value == "$current"* ]] && COMPREPLY+=("${value#"$prefix"}")
  done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _tartfleet tartfleet
