# What path_helper and Homebrew do to the PATH of a login shell. The simulated system volume stays
# first; where the guest's disk is not mounted as the root, its directories are found beside $HOME.
root=${HOME%/Users/admin}
PATH=$root/opt/homebrew/bin:$root/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
shims=
for shim in $(cat "$root/.sim/run/shims"); do shims=$shims$root/.sim/system/$shim:; done
PATH=$shims$PATH
export PATH
unset root shim shims
