#!/bin/bash
# ec2-user is logged in at the screen after each boot, and macOS takes a password for that. It is made here, is told to nobody, and
# goes from file to file: every user can read a command line. Over ssh there is no login by password.
set -euo pipefail

umask 077
openssl rand -hex 24 >~/.auto-login-password

# dscl asks for it, at a terminal, and expect gives it one.
sudo expect - "$USER" "$HOME/.auto-login-password" <<'END'
log_user 0
set timeout 30
set user [lindex $argv 0]
set file [open [lindex $argv 1]]
set password [gets $file]
proc answer {question args} {
  global password
  spawn -noecho {*}$args
  # With all of it in one line it would be a pattern.
  expect {
    -re $question { send -- "$password\r" }
    timeout { exit 1 }
    eof { exit 1 }
  }
  expect {
    timeout { exit 1 }
    eof {}
  }
  if {[lindex [wait] 3] != 0} { exit 1 }
}
answer "New Password:" dscl . -passwd /Users/$user
answer "Password:" dscl . -authonly $user
END
echo "the password of $USER is set"
