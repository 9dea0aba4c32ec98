package hudson.slaves

import hudson.model.Node

final class DumbSlave extends Node {
    final String remoteFS
    final JNLPLauncher launcher
    RetentionStrategy retentionStrategy

    DumbSlave(String name, String remoteFS, JNLPLauncher launcher) {
        this.nodeName = name
        this.remoteFS = remoteFS
        this.launcher = launcher
    }
}
