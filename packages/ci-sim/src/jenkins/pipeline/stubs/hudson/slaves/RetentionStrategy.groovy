package hudson.slaves

class RetentionStrategy {
    static final RetentionStrategy INSTANCE = new RetentionStrategy()
}
