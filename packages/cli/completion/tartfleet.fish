# tartfleet completion for fish: tartfleet completion fish | source
#
# tartfleet __complete is told the words, of which the last is being typed, and says a candidate a line
# (value, tab, description), or :files.
function __tartfleet_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c tartfleet -f -a "(__tartfleet_complete)"
