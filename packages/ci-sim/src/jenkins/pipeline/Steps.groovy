/** The steps of a Pipeline that the library and its tests use, by the words of Jenkins' documentation. */
abstract class Steps extends Script {
    private Engine getEngine() { binding.getVariable('engine') }

    void echo(String message) { engine.log << message }

    void error(String message) { throw new AbortException(message) }

    void sleep(int seconds) { engine.await(seconds * 1000L) { false } }

    void waitUntil(Map options, Closure body) {
        assert options.keySet() - ['quiet', 'initialRecurrencePeriod'] == [] as Set
        // WaitUntilStep: up to 15 s, each pause a fifth longer.
        long pause = options.initialRecurrencePeriod ?: 250
        while (!body()) {
            engine.await(pause) { false }
            pause = Math.min(15_000, (long) (pause * 1.2))
        }
    }

    void parallel(Map branches) {
        boolean failFast = branches.remove('failFast') ?: false
        engine.parallel(branches, failFast)
    }

    Object node(String name, Closure body) {
        engine.await(null) { engine.seen.nodes[name] }
        String before = NODE.get()
        NODE.set(name)
        try {
            return body()
        } finally {
            NODE.set(before)
        }
    }

    void sh(String script) {
        String node = NODE.get()
        if (node == null) throw new IllegalStateException('Required context class hudson.FilePath is missing')
        String id = engine.ask('/queue', [node: node, script: script]).id
        try {
            engine.await(null) { engine.seen.builds[id]?.state == 'done' }
        } catch (FlowInterruptedException e) {
            engine.ask('/abort', [id: id])
            throw e
        }
        Map build = engine.seen.builds[id]
        if (build.result != 'SUCCESS') throw new AbortException(build.reason)
    }

    private static final ThreadLocal<String> NODE = new ThreadLocal<>()
}
