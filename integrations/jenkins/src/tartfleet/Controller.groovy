package tartfleet

import com.cloudbees.groovy.cps.NonCPS
import com.cloudbees.plugins.credentials.CredentialsProvider
import hudson.model.Node
import hudson.model.Run
import hudson.slaves.DumbSlave
import hudson.slaves.JNLPLauncher
import hudson.slaves.RetentionStrategy
import java.security.MessageDigest
import jenkins.model.Jenkins
import org.jenkinsci.plugins.plaincredentials.StringCredentials

/** What is done on the controller itself: nodes of one build each, and secrets. */
class Controller implements Serializable {
    private static final long serialVersionUID = 1L

    /** Begins the description of each node that is ours; the rest is whose it is. */
    private static final String OURS = 'tartfleet: one macOS VM for '

    /** A name that no other build of this or another controller has; an agent's secret follows from it alone. */
    @NonCPS
    static String nodeName(String tag, int call, String url) {
        byte[] digest = MessageDigest.getInstance('SHA-256').digest("${url} ${tag} ${call}".getBytes('UTF-8'))
        String readable = tag.toLowerCase().replaceAll('[^a-z0-9]+', '-').replaceAll('^jenkins-|^-', '')
        String end = digest.encodeHex().toString().substring(0, 8)
        String head = readable.length() > 40 ? readable.substring(readable.length() - 40) : readable
        return "macos-${head.replaceAll('^-+|-+$', '')}-${call}-${end}".toString().replace('--', '-')
    }

    /**
     * Pipelines in the sandbox can call this too, but have no Run to give: so nobody gets at others' nodes by it.
     *
     * @return the build's node of that name, or null
     */
    @NonCPS
    private static Node nodeOf(Run build, String name) {
        Node node = Jenkins.get().getNode(name)
        if (node != null && node.nodeDescription != OURS + build.externalizableId)
            throw new IllegalStateException("node ${name} is not this build's")
        return node
    }

    /** @return the secret with which the VM's agent connects as this node, which is made unless it is there */
    @NonCPS
    static String addNode(Run build, String name) {
        Jenkins jenkins = Jenkins.get()
        if (nodeOf(build, name) == null) {
            JNLPLauncher launcher = new JNLPLauncher()
            launcher.webSocket = true
            // The workspace is below it, on the VM.
            DumbSlave node = new DumbSlave(name, 'jenkins', launcher)
            node.nodeDescription = OURS + build.externalizableId
            node.numExecutors = 1
            // Nothing but the build that knows its name may run there.
            node.mode = Node.Mode.EXCLUSIVE
            node.retentionStrategy = RetentionStrategy.INSTANCE
            jenkins.addNode(node)
        }
        return jenkins.getComputer(name).jnlpMac
    }

    @NonCPS
    static void removeNode(Run build, String name) {
        Node node = nodeOf(build, name)
        if (node != null) Jenkins.get().removeNode(node)
    }

    /** Removes nodes whose builds are over: of those that were killed, or that a restart could not resume. */
    @NonCPS
    static List<String> sweep() {
        List<String> removed = []
        for (Node node : new ArrayList<Node>(Jenkins.get().nodes)) {
            String description = node.nodeDescription
            if (description == null || !description.startsWith(OURS)) continue
            Run run
            try {
                run = Run.fromExternalizableId(description.substring(OURS.length()))
            } catch (IllegalArgumentException ignored) {
                continue
            }
            if (run != null && run.isBuilding()) continue
            Jenkins.get().removeNode(node)
            removed.add(node.nodeName)
        }
        return removed
    }

    /** @return the secret text of that id which the build may use, or null */
    @NonCPS
    static String secretText(String id, Run run) {
        return CredentialsProvider.findCredentialById(id, StringCredentials, run)?.secret?.plainText
    }
}
