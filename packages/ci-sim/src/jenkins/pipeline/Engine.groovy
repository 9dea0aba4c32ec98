import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

/**
 * The time of one build: its branches run one at a time, and when all of them wait, time passes.
 * How much, and what happens meanwhile, is the test's: it answers POST /pass.
 */
class Engine {
    final String world
    final List<String> log = [].asSynchronized()
    final Set<Thread> interrupted = [] as Set
    Map seen = [now: 0, nodes: [:], builds: [:]]
    boolean stopped = false
    private int live = 1
    private int checked = 0
    private int turn = 0
    private final Set<Thread> branches = [] as Set
    private final Map<Thread, Long> deadlines = [:]

    Engine(String world) {
        this.world = world
        branches << Thread.currentThread()
        look(0)
    }

    Map ask(String path, Map body) {
        HttpURLConnection connection = (HttpURLConnection) new URL(world + path).openConnection()
        connection.doOutput = true
        connection.outputStream.withStream { it.write(JsonOutput.toJson(body).getBytes('UTF-8')) }
        return (Map) new JsonSlurperClassic().parseText(connection.inputStream.getText('UTF-8'))
    }

    private void look(long milliseconds) {
        seen = ask('/pass', [milliseconds: milliseconds])
        if (seen.crash) stopped = true
        if (seen.abort) interrupted.addAll(branches)
    }

    /** Waits until it holds, or until so much time has passed; null: for ever. */
    synchronized void await(Long milliseconds, Closure<Boolean> holds) {
        Thread self = Thread.currentThread()
        Long until = milliseconds == null ? null : (seen.now as long) + milliseconds
        if (until != null) deadlines[self] = until
        try {
            while (true) {
                if (stopped) throw new ThreadDeath()
                if (interrupted.remove(self)) throw new FlowInterruptedException('interrupted')
                if (until != null ? seen.now >= until : holds()) return
                int before = turn
                checked += 1
                if (checked >= live) {
                    Long next = deadlines.values().min()
                    look(Math.max(1, Math.min(15_000, (next ?: Long.MAX_VALUE) - (seen.now as long))))
                    again()
                } else while (turn == before) wait()
            }
        } finally {
            deadlines.remove(self)
        }
    }

    /** All that wait look again. */
    private void again() {
        turn += 1
        checked = 0
        notifyAll()
    }

    /** A branch runs alone until it waits: Jenkins has one thread for all branches of a build. */
    synchronized <T> T inTurn(Closure<T> body) {
        return body()
    }

    /** Runs branches; with failFast the first that fails interrupts the others. Throws what failed first. */
    void parallel(Map<String, Closure> named, boolean failFast) {
        if (named.isEmpty()) return
        Thread self = Thread.currentThread()
        Throwable failure = null
        int running = named.size()
        List<Thread> threads = named.collect { name, body ->
            new Thread({
                inTurn {
                    try {
                        body()
                    } catch (Throwable e) {
                        if (failure == null) failure = e
                        if (failFast) interrupted.addAll(branches - Thread.currentThread())
                    } finally {
                        branches.remove(Thread.currentThread())
                        running -= 1
                        // After the last of them it goes on here: no time passes in between.
                        if (running > 0) live -= 1
                        again()
                    }
                }
            }, name)
        }
        branches.remove(self)
        branches.addAll(threads)
        live += threads.size() - 1
        threads*.start()
        while (running > 0) wait()
        branches << self
        interrupted.retainAll(branches)
        if (failure != null) throw failure
    }
}
