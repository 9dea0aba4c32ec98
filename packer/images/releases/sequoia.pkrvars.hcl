release       = "sequoia"
macos_version = "15.6.1"
macos_build   = "24G90"
ipsw_url      = "https://updates.cdn-apple.com/2025SummerFCS/fullrestores/093-10809/CFD6DD38-DAF0-40DA-854F-31AAD1294C6F/UniversalMac_15.6.1_24G90_Restore.ipsw"
