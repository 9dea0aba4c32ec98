package hudson.slaves

class JNLPLauncher {
    boolean webSocket
}
