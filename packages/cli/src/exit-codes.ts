/** What the process's exit code says to a script. Part of the interface: see docs/cli.md. */
export const EXIT = {
  ok: 0,
  vmFailed: 1,
  auditBroken: 1,
  notFound: 2,
  refused: 3,
  conflict: 4,
  unreachable: 5,
  timedOut: 6,
  usage: 64,
  bug: 70,
  tunnelFailed: 255,
} as const;

/** For `--help`. */
export const EXIT_CODE_HELP = `Exit codes:
  0   it was done
  1   the VM failed, or ended in another way than was asked for; or no host could fetch the image; or the audit log
      is not whole
  2   there is no such VM, host, token or image plan
  3   the token is missing, not valid, or may not do this
  4   conflict: the name is taken, or the idempotency key was used for something else
  5   the control plane was not reached, failed, or is not a tartfleet control plane
  6   the time given with --timeout ran out
  64  the command line, a file or the request is not valid
  70  a bug in tartfleet
  255 a tunnel to a VM (exec, ssh, vnc, tunnel, logs) failed after it was opened; else a command's own exit code
  128+N  ended by signal N (130: Ctrl-C)`;
