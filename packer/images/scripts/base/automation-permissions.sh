#!/bin/bash
# Lets commands by ssh and osascript drive other programs. Only without System Integrity Protection is the list of
# permissions a file that can be written.
set -euo pipefail

if [ "$SIP" != off ]; then exit 0; fi
csrutil status | grep -q disabled

for client in /usr/libexec/sshd-keygen-wrapper /usr/bin/osascript; do
  for service in Accessibility ScreenCapture PostEvent; do
    printf "REPLACE INTO access (service, client_type, client, auth_value, auth_reason, auth_version, indirect_object_identifier_type, indirect_object_identifier) VALUES ('kTCCService%s', 1, '%s', 2, 0, 1, NULL, 'UNUSED');\n" \
      "$service" "$client"
  done
  for program in com.apple.systemevents com.apple.Safari; do
    printf "REPLACE INTO access (service, client_type, client, auth_value, auth_reason, auth_version, indirect_object_identifier_type, indirect_object_identifier) VALUES ('kTCCServiceAppleEvents', 1, '%s', 2, 0, 1, 0, '%s');\n" \
      "$client" "$program"
  done
done >/tmp/permissions.sql

for folder in /Library "$HOME/Library"; do
  sudo sqlite3 "$folder/Application Support/com.apple.TCC/TCC.db" ".read /tmp/permissions.sql"
done
