release       = "golden-gate"
macos_version = "27.0"
macos_build   = "26A428"
ipsw_url      = "https://updates.cdn-apple.com/2026FallFCS/afcfc88e-bbe6-44bf-a5da-07c56eebc06c/UniversalMac_27.0_26A428_Restore.ipsw"
# Told by one team that downloaded it, not by Apple.
ipsw_sha256 = "2a5d3c695d501022b7fad9adaffcf2627bcb867d993fb5662dcd41bac99a2836"
disk_format = "asif"

# Needs tart 2.33 and macOS 27 on the host as well, and counts at the first boot after the restore only.
run_extra_args = [
  "--provisioning-opts=fullName=Admin,username=admin,password=admin,logsInAutomatically=true,enablesRemoteLogin=true",
]
