# The simulated system volume is first in the PATH of a login shell too.
root=${HOME%/home/admin}
shims=
for shim in $(cat "$root/.sim/run/shims"); do shims=$shims$root/.sim/system/$shim:; done
PATH=$shims/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset root shim shims
