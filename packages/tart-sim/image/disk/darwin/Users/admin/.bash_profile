. "$HOME/.profile"
