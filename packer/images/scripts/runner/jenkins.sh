#!/bin/bash
# Java, and the agent of one's own controller: it is made for that controller's version.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew install "$JAVA_FORMULA"
# /usr/bin/java asks here which Java there is.
sudo mkdir -p /Library/Java/JavaVirtualMachines
sudo ln -sfn "$(brew --prefix "$JAVA_FORMULA")/libexec/openjdk.jdk" /Library/Java/JavaVirtualMachines/openjdk.jdk
java -version

if [ -n "$JENKINS_URL" ]; then
  curl -fsSL --retry 3 -o ~/agent.jar "${JENKINS_URL%/}/jnlpJars/agent.jar"
  java -jar ~/agent.jar -version
fi
