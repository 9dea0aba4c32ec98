# What is typed into a fresh macOS by VNC until it can be reached by ssh. Panes come and go in minor releases
# (26.1 moved FileVault, 26.4 brought Age Range): that is why releases/ pins builds. A pane is waited for by reading the
# screen, and no such wait ever gives up by itself: `npm run images -- build` has a time limit.
# leftAlt is ⌘ on Apple's VNC server.

locals {
  # The last button of a pane, and the second one of a question.
  next    = "<wait5s><leftShiftOn><tab><leftShiftOff><spacebar>"
  confirm = "<wait10s><tab><spacebar>"

  # "english" alone would take English (UK) when English is chosen already.
  language = "<wait60s><spacebar><wait30s>italiano<esc>english<enter>"
  country  = "<wait 'Country or Region'><wait5s><click 'Select Your Country or Region'><wait5s>united states${local.next}"
  transfer = "<wait 'Transfer'><wait5s><tab><tab><tab><spacebar><tab><tab><spacebar>"
  account  = "Admin<tab>admin<tab>admin<tab>admin<tab><tab><spacebar><tab><tab><spacebar>"

  # VoiceOver lets the keyboard reach every button.
  voice_over = "<leftAltOn><f5><leftAltOff>"

  terminal = "<wait10s><leftAltOn><spacebar><leftAltOff>Terminal<wait10s><enter><wait20s>"
  # Lets the keyboard reach everything in System Settings.
  keyboard = "defaults write NSGlobalDomain AppleKeyboardUIMode -int 3<enter>"
  settings = "<wait10s>open '/System/Applications/System Settings.app'<enter><wait120s>"
  view     = "<wait10s><leftCtrlOn><f2><leftCtrlOff><right><right><right><down>"
  quit     = "<wait10s><leftAltOn>q<leftAltOff>"

  # Gatekeeper goes off in two steps within one boot: the second is offered in Privacy & Security only until a restart.
  gatekeeper = [
    "<wait10s>sudo spctl --global-disable<enter><wait10s>admin<enter>",
    "${local.settings}${local.view}Privacy & Security<enter>",
    "<wait10s><leftShiftOn><tab><tab><tab><tab><tab><tab><leftShiftOff>",
    "<wait10s><down><wait1s><down><wait1s><enter><wait10s>admin<enter>${local.next}",
    local.quit,
  ]

  # Panes from the country to the account are the same since macOS 15.
  begin = [
    local.language,
    local.country,
    local.transfer,
    "<wait 'Written and Spoken'>${local.next}",
    "<wait 'Accessibility'>${local.next}",
    "<wait 'Data & Privacy'>${local.next}",
  ]

  setup_assistant = {
    sequoia = concat(
      local.begin,
      [
        "<wait 'Account'><wait5s>${local.account}",
        "<wait120s>${local.voice_over}",
        "<wait 'Apple'>${local.next}${local.confirm}",
        "<wait 'Terms'>${local.next}${local.confirm}",
        "<wait 'Location'>${local.next}${local.confirm}",
        "<wait 'Time Zone'><wait5s><tab><tab>UTC<enter><leftShiftOn><tab><tab><leftShiftOff><spacebar>",
        "<wait 'Analytics'>${local.next}",
        "<wait 'Screen Time'><wait5s><tab><spacebar>",
        "<wait 'Siri'><wait5s><tab><spacebar>${local.next}",
        "<wait 'Look'>${local.next}",
        "<wait 'Update'><wait5s><tab><spacebar>",
        "<wait30s><spacebar><wait10s>${local.voice_over}",
        "${local.terminal}${local.keyboard}",
        # Screen Sharing, then Remote Login.
        "${local.settings}${local.view}Sharing<enter>",
        "<wait10s><tab><tab><tab><tab><tab><tab><tab><spacebar>",
        "<wait10s><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><spacebar>",
        local.quit,
      ],
      local.gatekeeper,
    )

    tahoe = concat(
      local.begin,
      [
        "<wait 'Account'><wait5s><tab><tab><tab><tab><tab><tab>${local.account}",
        "<wait120s>${local.voice_over}",
        "<wait 'Apple'>${local.next}<up><spacebar>${local.confirm}",
        "<wait 'Terms'>${local.next}${local.confirm}",
        # Adult.
        "<wait 'Age'><wait5s><tab><tab><tab><spacebar>",
        "<wait 'Location'>${local.next}${local.confirm}",
        "<wait 'Time Zone'><wait5s><tab><tab><tab>UTC<enter>${local.next}",
        "<wait 'Analytics'>${local.next}",
        "<wait 'Screen Time'><wait5s><tab><tab><spacebar>",
        "<wait 'Siri'><wait5s><tab><spacebar>${local.next}",
        # Not now, and yes, without.
        "<wait 'FileVault'><wait5s><leftShiftOn><tab><tab><leftShiftOff><spacebar>${local.confirm}",
        "<wait 'Look'>${local.next}",
        "<wait 'Update'><wait5s><tab><tab><spacebar>",
        "<wait30s><spacebar><wait10s>${local.voice_over}",
        "${local.terminal}${local.keyboard}",
        # Screen Sharing, which asks for the password since 26.4, then Remote Login.
        "${local.settings}${local.view}Sharing<enter>",
        "<wait10s><tab><tab><tab><tab><tab><spacebar><wait10s>admin<enter>",
        "<wait10s><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><tab><spacebar>",
        local.quit,
      ],
      local.gatekeeper,
    )

    # macOS 27 is set up by --provisioning-opts; ssh is on and the account logged in.
    "golden-gate" = concat(
      ["<wait120s>${local.terminal}${local.keyboard}"],
      local.gatekeeper,
      [
        # Sharing is not in the View menu any more.
        "<wait10s>open 'x-apple.systempreferences:com.apple.Sharing-Settings.extension'<enter>",
        "<wait10s><tab><tab><tab><tab><tab><tab><spacebar><wait10s>admin<enter>",
        local.quit,
      ],
    )
  }
}
