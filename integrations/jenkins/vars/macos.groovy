import com.cloudbees.groovy.cps.NonCPS
import groovy.transform.Field
import tartfleet.Controller
import tartfleet.Fleet

/** How often this build has called; saved with the build, so that a resumed one counts on. */
@Field int calls = 0

/** How many VMs may be tried until one has an agent that connects. */
@Field final int VMS = 3

/**
 * Runs the body on a macOS VM of its own: makes a node for it, asks the control plane for a VM whose agent connects as
 * that node, and removes both afterwards, whatever happened. See docs/ci/jenkins.md.
 */
def call(Map given, Closure body) {
    Map options = complete(given)
    calls += 1
    String name = nodeName(calls)
    Map state = [picked: false, over: false, vms: 0, result: null]
    sweep()
    try {
        start(name, options, state)
        parallel(
            failFast: true,
            'on macOS': {
                node(name) {
                    state.picked = true
                    state.result = body()
                }
                state.over = true
            },
            'its VM': {
                waitUntil(quiet: true) { state.over || look(name, options, state) }
            }
        )
        return state.result
    } finally {
        end(name, options)
    }
}

/** Removes what builds that are over have left behind; also for a job of its own, by cron. */
def sweep() {
    List<String> removed = Controller.sweep()
    if (removed) echo "Removed nodes of builds that are over: ${removed.join(', ')}"
}

private Map complete(Map given) {
    Map options = [
        url: env.TARTFLEET_URL, credentials: 'tartfleet', jenkinsUrl: env.JENKINS_URL,
        reconnectSeconds: 5_400, ttlSeconds: 21_600, patienceSeconds: 7_200, vm: [:]
    ] + given
    List unknown = (given.keySet() - ['image', 'url', 'credentials', 'jenkinsUrl', 'reconnectSeconds', 'ttlSeconds',
                                      'patienceSeconds', 'vm']) as List
    if (unknown) error "macos: there is no option ${unknown.join(', ')}; more of POST /v1/vms goes into vm: [...]"
    for (needed in ['image', 'url', 'jenkinsUrl'])
        if (!options[needed]) error "macos: ${needed} is missing${needed == 'url' ? ' (or TARTFLEET_URL in the environment)' : ''}"
    return options
}

/** Makes the node, and has the control plane accept its VM. */
private void start(String name, Map options, Map state) {
    // With a condition: Jenkins' transformation takes none for one that does not hold.
    int waited = 0
    while (true) {
        Map answer = create(name, options)
        if (answer.error == null) {
            state.vms += 1
            echo "VM ${answer.body.id} for node ${name}"
            return
        }
        if (!answer.again || waited >= options.patienceSeconds) error "macos: no VM: ${answer.error}"
        echo "No VM yet: ${answer.error}"
        sleep 10
        waited += 10
    }
}

/** Another VM for one that ended before its agent took the build; for any other, the end of the build. */
private boolean look(String name, Map options, Map state) {
    Map answer = latest(name, options)
    if (answer.error != null) {
        // A build that runs goes on without being watched.
        if (!answer.again && !state.picked) error "macos: the VM cannot be looked at: ${answer.error}"
        return state.over
    }
    Map vm = answer.body
    boolean isEnding = vm.id == null || vm.end != null
    if (!isEnding || state.over || !state.picked && vm.id != null && vm.endedAt == null) return state.over
    String why = vm.id == null ? 'it is not known to the control plane' : "${vm.end?.reason}: ${vm.end?.error?.message ?: vm.end?.message}"
    if (state.picked || state.vms >= VMS) error "macos: VM ${vm.id} ended: ${why}"
    echo "VM ${vm.id} ended before its agent came: ${why}"
    start(name, options, state)
    return false
}

/** The node first: its agent's channel closes after all that the build said has come, and the agent exits. */
private void end(String name, Map options) {
    removeNode(name)
    int tried = 0
    while (true) {
        tried += 1
        Map answer = endVms(name, options)
        if (answer.error == null) return
        if (!answer.again || tried == 6) {
            echo "A VM of ${name} would end by itself, at the latest ${options.ttlSeconds} s after its start: ${answer.error}"
            return
        }
        sleep 10
    }
}

@NonCPS
private String nodeName(int call) {
    return Controller.nodeName(env.BUILD_TAG, call, env.JENKINS_URL)
}

@NonCPS
private Map create(String name, Map options) {
    String secret = Controller.addNode(currentBuild.rawBuild, name)
    Map runner = [kind: 'jenkins', url: options.jenkinsUrl, name: name, secret: secret]
    if (options.reconnectSeconds > 0) runner.reconnectSeconds = options.reconnectSeconds
    Map body = [image: options.image, jobId: name, ttlSeconds: options.ttlSeconds] + options.vm + [
        labels: (options.vm.labels ?: [:]) + [jenkins: name], runner: runner
    ]
    return ask('POST', '/v1/vms', options, body, ['Idempotency-Key': 'jenkins:' + name])
}

@NonCPS
private void removeNode(String name) {
    Controller.removeNode(currentBuild.rawBuild, name)
}

/** The newest VM of the node; none: an empty map. */
@NonCPS
private Map latest(String name, Map options) {
    Map answer = ask('GET', "/v1/vms?label=jenkins%3D${name}&limit=1", options, null, [:])
    return answer + [body: answer.body.vms ? answer.body.vms[0] : [:]]
}

@NonCPS
private Map endVms(String name, Map options) {
    Map answer = ask('GET', "/v1/vms?label=jenkins%3D${name}", options, null, [:])
    if (answer.error != null) return answer
    for (vm in answer.body.vms.findAll { it.endedAt == null }) {
        Map ended = ask('DELETE', "/v1/vms/${vm.id}", options, null, [:])
        if (ended.error != null && ended.status != 404) return ended
    }
    return answer
}

/** The token is looked up for each call: it is in no variable of the build's, which Jenkins would save. */
@NonCPS
private Map ask(String method, String path, Map options, Map body, Map headers) {
    String token = Controller.secretText(options.credentials, currentBuild.rawBuild)
    if (!token) return [status: 0, body: [:], again: false, error: "there is no secret text '${options.credentials}' for this build"]
    return Fleet.ask(options.url, token, method, path.toString(), body, headers)
}
