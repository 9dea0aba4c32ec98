release     = "sequoia"
macos_major = 15
# The last one that starts on macOS 15.
tart_version = "2.34.0"
# Told by one project that pins it, not by its makers.
tart_sha256 = "c9f1609f4945258ef0ee277dd44dc9700d6f069789a11e43be7f35b0a64b3135"
