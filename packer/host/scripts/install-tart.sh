#!/bin/bash
# Exactly the Tart that fits this macOS, by its number: Homebrew has the newest only, and that does not start everywhere.
set -euo pipefail

macos=$(sw_vers -productVersion)
oldest=$(printf '%s\n' 2.40.1 "$TART_VERSION" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
case $((${macos%%.*} <= 15))/$TART_VERSION/$oldest in
  1/2.34.0/* | 0/*/2.40.1) ;;
  *)
    echo "tart $TART_VERSION does not fit macOS $macos: up to macOS 15 it is 2.34.0, from macOS 26 on 2.40.1 or later" >&2
    exit 1
    ;;
esac

archive=/tmp/tart-$TART_VERSION.tar.gz
curl -fsSL --retry 3 -o "$archive" "https://github.com/openai/tart/releases/download/$TART_VERSION/tart.tar.gz"
if [ -n "$TART_SHA256" ]; then printf '%s  %s\n' "$TART_SHA256" "$archive" | shasum -a 256 -c -; fi

folder=/usr/local/lib/tart/$TART_VERSION
sudo mkdir -p "$folder" /usr/local/bin
sudo tar xzf "$archive" -C "$folder"
sudo chown -R root:wheel "$folder"
# Signed by its makers, whoever brought it.
codesign --verify --strict -R='=anchor apple generic and identifier "com.github.cirruslabs.tart" and certificate leaf[subject.OU] = "9M2P8L4D89"' \
  "$folder/tart.app"

# A link would lead past the application that its permissions belong to.
sudo tee /usr/local/bin/tart >/dev/null <<END
#!/bin/sh
exec "$folder/tart.app/Contents/MacOS/tart" "\$@"
END
sudo chmod 0755 /usr/local/bin/tart
test "$(/usr/local/bin/tart --version)" = "$TART_VERSION"
rm -f "$archive"
