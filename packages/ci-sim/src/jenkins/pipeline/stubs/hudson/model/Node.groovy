package hudson.model

abstract class Node {
    enum Mode { NORMAL, EXCLUSIVE }

    String nodeName
    String nodeDescription
    int numExecutors = 1
    Mode mode = Mode.NORMAL
    String labelString = ''
}
