package jenkins.model

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import hudson.model.Node
import hudson.slaves.DumbSlave

/** The controller's nodes, which the stand-in keeps: each call is one of its REST API. */
class Jenkins {
    /** Of the build whose thread calls: where its controller is. */
    static final InheritableThreadLocal<Map> HERE = new InheritableThreadLocal<>()

    static Jenkins get() {
        Map here = HERE.get()
        if (here.stopped()) throw new ThreadDeath()
        return new Jenkins(url: here.url, authorization: here.authorization)
    }

    private String url
    private String authorization

    Node getNode(String name) {
        return nodes.find { it.nodeName == name }
    }

    Map getComputer(String name) {
        String jnlp = ask('GET', "/computer/${name}/jenkins-agent.jnlp", null)
        return [jnlpMac: (jnlp =~ /<argument>([0-9a-f]{64})</)[0][1]]
    }

    List<Node> getNodes() {
        new JsonSlurperClassic().parseText(ask('GET', '/computer/api/json', null)).computer.collect {
            new DumbSlave(it.displayName, '', null).with { node -> node.nodeDescription = it.description; node }
        }
    }

    void addNode(Node node) {
        Map form = [
            name: node.nodeName, nodeDescription: node.nodeDescription, numExecutors: node.numExecutors,
            remoteFS: node.remoteFS, labelString: node.labelString, mode: node.mode.name(),
            launcher: ['stapler-class': node.launcher.class.name],
            retentionStrategy: ['stapler-class': 'hudson.slaves.RetentionStrategy$Always']
        ]
        assert node.launcher.webSocket && node.retentionStrategy != null
        ask('POST', "/computer/doCreateItem?name=${node.nodeName}&type=${node.class.name}",
            'json=' + URLEncoder.encode(JsonOutput.toJson(form), 'UTF-8'))
    }

    void removeNode(Node node) {
        ask('POST', "/computer/${node.nodeName}/doDelete", '')
    }

    private String ask(String method, String path, String body) {
        HttpURLConnection connection = (HttpURLConnection) new URL(url.replaceAll('/$', '') + path).openConnection()
        connection.requestMethod = method
        connection.instanceFollowRedirects = false
        connection.setRequestProperty('Authorization', authorization)
        if (body != null) {
            connection.doOutput = true
            connection.outputStream.withStream { it.write(body.getBytes('UTF-8')) }
        }
        if (connection.responseCode >= 400)
            throw new IOException("${method} ${path}: ${connection.responseCode} ${connection.errorStream?.text}")
        return connection.inputStream.text
    }
}
