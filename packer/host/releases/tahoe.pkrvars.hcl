release      = "tahoe"
macos_major  = 26
tart_version = "2.40.1"
# Told by several projects that pin it, not by its makers.
tart_sha256 = "363e2701154a8155cbc1bb6d845430c9b42697d2a186bc49574471ca2877db46"
