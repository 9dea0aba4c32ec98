release       = "tahoe"
macos_version = "26.5"
macos_build   = "25F71"
ipsw_url      = "https://updates.cdn-apple.com/2026SpringFCS/fullrestores/122-58869/DFB1CEEF-5619-4591-9924-E20DB2C8FED0/UniversalMac_26.5_25F71_Restore.ipsw"
